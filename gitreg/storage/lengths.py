"""Which chunks a store has, going by size as well: a cut-off object is noticed without reading it.

What this cannot see is damage that keeps the size; reading and fsck see that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from gitreg.storage.local import LocalStore

if TYPE_CHECKING:
    from collections.abc import Collection

    from gitreg.core.digest import Digest
    from gitreg.core.manifest import ChunkEntry
    from gitreg.storage.store import ObjectStore


@runtime_checkable
class Measuring(Protocol):
    """A store whose listing tells sizes at no extra cost."""

    def lengths(self, digests: Collection[Digest]) -> dict[Digest, int | None]:
        """The objects that are there, with their sizes in bytes where the service tells."""
        ...


def misfits(store: ObjectStore, chunks: Collection[ChunkEntry]) -> tuple[set[Digest], set[Digest]]:
    """The chunks the store lacks, and those that it has with a wrong size.  Raises StorageError."""
    wanted = {chunk.digest: chunk.length for chunk in chunks}
    found = lengths(store, wanted.keys())
    wrong = {digest for digest, length in found.items() if is_off(length, wanted[digest])}
    return wanted.keys() - found.keys(), wrong


def is_off(length: int | None, expected: int) -> bool:
    """Whether a store told another length than it should be."""
    return length not in {None, expected}


def lengths(store: ObjectStore, digests: Collection[Digest]) -> dict[Digest, int | None]:
    """The objects that a store has, with their sizes in bytes where it tells.  Raises StorageError."""
    # This class first: asking whether something follows a protocol takes longer than asking the disk.
    if isinstance(store, (LocalStore, Measuring)):
        return store.lengths(digests)
    return dict.fromkeys(store.present(digests))
