"""What a service of keys and bytes must offer to hold a store, and how it fails.  Knows nothing of objects.

Retry, limits and counting are drivers over a driver, so that they stack instead of branching.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, runtime_checkable

from gitreg.core.limits import MAX_MANIFEST_BYTES, MIB
from gitreg.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import timedelta


class Entry(NamedTuple):
    """A key as it is listed; `modified` in nanoseconds by the service's clock, 0 if it does not tell."""

    key: str
    size: int
    modified: int


class Listing(Enum):
    """What a listing of everything costs."""

    WALKED = "walked"  # at least one request per directory
    PAGED = "paged"  # one per PAGE keys, from the first one on
    SEEKABLE = "seekable"  # one per PAGE keys, from any key on, so that several can share the work


PAGE: Final = 1000
# The largest value that a store can hold for good reason: a manifest that did not shrink, encrypted.
LARGEST: Final = MAX_MANIFEST_BYTES + 4 * MIB


class AbsentError(StorageError):
    """The service answered, and has nothing under this key."""


class DeniedError(StorageError):
    """The service answered no: credentials, permissions, a bucket that is not there.  Asking again is no use."""


class UnavailableError(StorageError):
    """No answer, half of one, or "later": asking again may help.  `slow_down`: the service asks for fewer requests."""

    def __init__(self, message: str, *, hint: str | None = None, slow_down: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.slow_down = slow_down


class OversizeError(StorageError):
    """A value is larger than it may be; whoever put it there wants readers to run out of memory."""

    def __init__(self, where: str) -> None:
        hint = "gitreg did not write it: ask who else can write there"
        super().__init__(f"a value in {where} is larger than it can be", hint=hint)


class Driver(Protocol):
    """Keys are relative to the store, with `/` between their parts.  Every method may be called from several threads.

    All raise DeniedError, UnavailableError, or another StorageError for what fits neither.
    """

    @property
    def listing(self) -> Listing:
        """How it lists; `list` yields keys in ascending order unless it walks."""
        ...

    def describe(self) -> str:
        """The place for messages, without secrets."""
        ...

    def get(self, key: str, most: int = LARGEST) -> bytes:
        """The whole value.  Raises AbsentError, and OversizeError instead of reading more than `most` bytes."""
        ...

    def put(self, key: str, data: bytes | memoryview) -> None:
        """Store a value whole or not at all, in place of what is there; durable on return."""
        ...

    def head(self, key: str) -> Entry | None:
        """Size and age of a value, or None if there is none."""
        ...

    def list(self, prefix: str, after: str = "") -> Iterator[Entry]:
        """Everything whose key begins with `prefix/` and is greater than `after`.

        The next page is asked for when the last one is used up: who stops early pays for no more.
        """
        ...

    def delete(self, keys: Iterable[str]) -> None:
        """Remove values, in as few requests as the service allows; one that is not there is no error."""
        ...

    def copy(self, source: str, target: str) -> None:
        """Have the service copy a value, which then counts as new.  Raises AbsentError."""
        ...


@runtime_checkable
class Signing(Protocol):
    """A driver whose service can hand out links to single values."""

    def sign(self, key: str, lifetime: timedelta) -> str:
        """A URL that anybody may read the value by, for so long.  Raises StorageError."""
        ...
