"""What work on all objects of a store is: a part of them at a time, on whichever machine, and an account of it.

Every value here is sent to other machines, so all of them are plain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitreg.core.digest import Digest
    from gitreg.storage.fsck import Fault

PARTS: Final = tuple(f"{number:02x}" for number in range(256))


@dataclass(frozen=True, slots=True)
class PartDone:
    """One part: `objects` looked at, `written` ones and their `bytes`, what is faulty, and the `manifests` put off."""

    part: str
    objects: int
    written: int = 0
    bytes: int = 0
    faults: tuple[Fault, ...] = ()
    manifests: tuple[Digest, ...] = ()


class Work(Protocol):
    """Something to do to each part of a store; doing it again does no harm."""

    def __call__(self, part: str) -> PartDone:
        """Do one part.  Raises StorageError if a store cannot be listed or written."""
        ...


class Runner(Protocol):
    """Whoever does the work."""

    def run(self, work: Work) -> Iterator[PartDone]:
        """Do every part; they come as they are done.  Raises what a part raises, and then starts no more."""
        ...
