"""Checks the objects of a store against their names, and puts right what another store has intact."""

from __future__ import annotations

import os
import random
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from gitreg.errors import FormatError, StorageError
from gitreg.storage.crew import in_order
from gitreg.storage.layout import object_path
from gitreg.storage.os_failures import storage_failures
from gitreg.storage.store import MissingObjectError
from gitreg.storage.verified import CorruptObjectError, is_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gitreg.core.digest import Digest
    from gitreg.storage.local import LocalStore
    from gitreg.storage.store import ObjectStore

DAMAGED: Final = "damaged"
_AT_ONCE: Final = 8

_Read = TypeVar("_Read")


class FaultKind(Enum):
    """What is wrong with an object."""

    CORRUPT = "corrupt"
    UNREADABLE = "unreadable"
    MISSING = "missing"
    UNPUSHED = "unpushed"  # a manifest that the clone has and the shared store has not: never sent, or lost there


@dataclass(frozen=True, slots=True)
class Fault:
    """One object that is not what its name says, or not there although something needs it."""

    digest: Digest
    kind: FaultKind
    detail: str


def check_objects(store: ObjectStore, digests: Iterable[Digest] | None = None) -> Iterator[Fault]:
    """Read and hash these objects, or all; yields the faulty ones.  Raises StorageError if the store can't be listed.

    A few are read side by side, and no more than those are in memory.
    """
    chosen = store.names() if digests is None else digests
    for fault in in_order(chosen, partial(_check, store), _AT_ONCE):
        if fault is not None:
            yield fault


def sampled(digests: Iterable[Digest], count: int) -> list[Digest]:
    """So many of them, each with the same chance; holds no more than those in memory (Vitter's algorithm R)."""
    chosen: list[Digest] = []
    for number, digest in enumerate(digests):
        if number < count:
            chosen.append(digest)
        elif (place := random.randrange(number + 1)) < count:  # noqa: S311 - a sample, not a secret
            chosen[place] = digest
    return chosen


def repair(store: ObjectStore, digest: Digest, data: bytes) -> bool:
    """Put an intact object in the place of a faulty one; False if it is not intact there.  Raises StorageError."""
    store.write(digest, data)
    store.flush()
    if intact(store, digest) is None:  # a service that does not replace what is there
        store.remove((digest,))
        store.write(digest, data)
        store.flush()
    return intact(store, digest) is not None


def intact(store: ObjectStore, digest: Digest) -> bytes | None:
    """The object as it is stored, or None if it is missing, unreadable or corrupt."""
    with suppress(StorageError, CorruptObjectError):
        data = store.read(digest)
        return data if is_object(digest, data) else None
    return None


def set_aside(store: LocalStore, digest: Digest) -> None:
    """Move a faulty object out of the store, so that adding its files again stores it anew.  Raises StorageError."""
    with storage_failures("set a damaged object aside in", store.describe()):
        place = store.root / DAMAGED / digest.hex
        place.parent.mkdir(exist_ok=True)
        os.replace(store.root / object_path(digest), place)  # noqa: PTH105 - whatever stands there, even a directory


def read_or_fault(store: ObjectStore, digest: Digest) -> bytes | Fault | None:
    """The object as it is stored, or what is wrong with it; None if it was removed since it was listed."""
    data = or_fault(digest, lambda: store.read(digest))
    if not isinstance(data, bytes) or is_object(digest, data):
        return data
    return Fault(digest, FaultKind.CORRUPT, f"{len(data)} bytes that do not hash to its name")


def or_fault(digest: Digest, read: Callable[[], _Read]) -> _Read | Fault | None:
    """What reading the object gives, or what is wrong with it; None if it was removed since it was listed."""
    try:
        return read()
    except MissingObjectError:  # by a gc beside us
        return None
    except StorageError as error:
        return Fault(digest, FaultKind.UNREADABLE, error.message)
    except (CorruptObjectError, FormatError) as error:
        return Fault(digest, FaultKind.CORRUPT, error.message)


def _check(store: ObjectStore, digest: Digest) -> Fault | None:
    found = read_or_fault(store, digest)
    return found if isinstance(found, Fault) else None
