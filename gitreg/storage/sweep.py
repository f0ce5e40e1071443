"""What a store must offer to be swept: its objects with their age by its own clock, and removal of those untouched.

Knows nothing of what objects mean, and nothing of who needs them: that is for who marks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from gitreg.core.digest import Digest


class Listed(NamedTuple):
    """An object as it was listed: `modified` in nanoseconds by the store's clock, renewed by whoever relies on it."""

    digest: Digest
    size: int
    modified: int


class Sized(Protocol):
    """Something that is stored."""

    @property
    def size(self) -> int:
        """In bytes."""
        ...


class Swept(NamedTuple):
    """What was removed."""

    objects: int
    bytes: int

    @classmethod
    def of(cls, stored: Collection[Sized]) -> Swept:
        return cls(len(stored), sum(each.size for each in stored))


class Sweepable(Protocol):
    """A store whose objects have an age.  All methods raise StorageError."""

    def clock(self) -> int:
        """The store's own time in nanoseconds; the host's may be wrong, or the store on another machine."""
        ...

    def listed(self) -> Iterator[Listed]:
        """Every object, in no order; strangers' files are passed over."""
        ...

    def remove_untouched(self, objects: Iterable[Listed]) -> Swept:
        """Remove those that nobody has relied on since they were listed; manifests go before chunks."""
        ...
