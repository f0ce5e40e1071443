"""Checks every object of a store against its name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from gitreg.errors import StorageError
from gitreg.storage.store import MissingObjectError
from gitreg.storage.verified import is_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitreg.core.digest import Digest
    from gitreg.storage.store import ObjectStore


class FaultKind(Enum):
    """What is wrong with an object."""

    CORRUPT = "corrupt"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Fault:
    """One object that is not what its name says."""

    digest: Digest
    kind: FaultKind
    detail: str


def check_objects(store: ObjectStore) -> Iterator[Fault]:
    """Read and hash every object; yields the faulty ones.  Raises StorageError if the store cannot be listed."""
    for digest in store.names():
        fault = _check(store, digest)
        if fault is not None:
            yield fault


def _check(store: ObjectStore, digest: Digest) -> Fault | None:
    try:
        data = store.read(digest)
    except MissingObjectError:  # removed since it was listed, by a gc beside us
        return None
    except StorageError as error:
        return Fault(digest, FaultKind.UNREADABLE, error.message)
    if is_object(digest, data):
        return None
    return Fault(digest, FaultKind.CORRUPT, f"{len(data)} bytes that do not hash to its name")
