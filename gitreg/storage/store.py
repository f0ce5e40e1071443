"""The one interface to every place that holds objects.  Names objects by digest; what they mean is not its business."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from gitreg.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from gitreg.core.digest import Digest

# Requests to a service side by side, unless the user says otherwise.
DEFAULT_JOBS: Final = 16


class MissingObjectError(StorageError):
    """The store answered, and does not have this object."""

    kind = "missing-object"

    def __init__(self, digest: Digest, where: str, needed_by: str | None = None) -> None:
        hint = "fetch it from another store, or add the files again"
        super().__init__(f"object {digest} is not in {where}{purpose(needed_by)}", hint=hint)
        self.digest = digest
        self.where = where


def purpose(needed_by: str | None) -> str:
    """What a message about an object says of those who need it."""
    return f"; {needed_by} needs it" if needed_by else ""


class ObjectStore(Protocol):
    """A set of immutable objects.  Every method may be called from several threads; all raise StorageError."""

    @property
    def at_once(self) -> int:
        """So many reads or writes side by side are worth while."""
        ...

    def describe(self) -> str:
        """The store's place for messages, without secrets."""
        ...

    def present(self, digests: Collection[Digest]) -> set[Digest]:
        """Those of the objects that the store has; gc must then leave them alone for its grace period."""
        ...

    def read(self, digest: Digest) -> bytes:
        """The object's bytes as stored, unverified.  Raises MissingObjectError if there is none."""
        ...

    def write(self, digest: Digest, data: bytes | memoryview) -> None:
        """Store an object whole or not at all; it need not be durable before `flush`."""
        ...

    def flush(self) -> None:
        """Return once everything written so far is durable and visible to others."""
        ...

    def names(self, part: str = "") -> Iterator[Digest]:
        """Every object, or those in one of the 256 parts that lie apart ("00" to "ff"), in no order; no strangers."""
        ...

    def remove(self, digests: Iterable[Digest]) -> None:
        """Remove these objects; one that is not there is no error."""
        ...
