"""What a gc tells: what stays and why, what goes, and what could not be done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from gitreg.core.digest import Digest
from gitreg.errors import GitregError
from gitreg.operations.garbage.roots import Root
from gitreg.storage.sweep import Listed, Swept


@dataclass(frozen=True, slots=True)
class Kept:
    """A name (a tag, another ref, a pointer's path), and why the bytes of `manifest` stay."""

    ref: str
    reason: str
    manifest: Digest

    @classmethod
    def of(cls, root: Root) -> Kept:
        return cls(root.ref, root.reason.value, root.manifest)


@dataclass(frozen=True, slots=True)
class Amount:
    """So many objects and bytes."""

    objects: int
    bytes: int

    @classmethod
    def of(cls, *swept: Swept) -> Amount:
        return cls(sum(each.objects for each in swept), sum(each.bytes for each in swept))


@dataclass(frozen=True, slots=True)
class Blocked:
    """What could not be done (`gc` as a whole, or a part of it), and why."""

    what: str
    reason: str

    @classmethod
    def by(cls, what: str, error: GitregError) -> Blocked:
        return cls(what, f"{error.message}; {error.hint}" if error.hint else error.message)


def unused(objects: Iterable[Listed], now: int, grace: timedelta) -> list[Listed]:
    """Those that nobody has used for so long, at the store's time `now`."""
    newest = now - int(grace.total_seconds() * 1e9)
    return [each for each in objects if each.modified <= newest]
