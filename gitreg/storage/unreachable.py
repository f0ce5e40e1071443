"""A store that could not be opened: whoever needs something of it is told why that was."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from gitreg.core.digest import Digest
    from gitreg.errors import StorageError


class UnreachableStore:
    """The ObjectStore in place of one that answered with `reason`: seems empty, and raises it when read or written."""

    at_once = 1

    def __init__(self, reason: StorageError) -> None:
        self._reason = reason

    def describe(self) -> str:
        return "a store that was not reached"

    def present(self, digests: Collection[Digest]) -> set[Digest]:  # noqa: ARG002 - whatever they are
        return set()

    def read(self, digest: Digest) -> bytes:  # noqa: ARG002
        self._fail()

    def write(self, digest: Digest, data: bytes | memoryview) -> None:  # noqa: ARG002
        self._fail()

    def flush(self) -> None:
        pass

    def names(self, part: str = "") -> Iterator[Digest]:  # noqa: ARG002
        return iter(())

    def remove(self, digests: Iterable[Digest]) -> None:  # noqa: ARG002
        self._fail()

    def _fail(self) -> NoReturn:
        raise self._reason
