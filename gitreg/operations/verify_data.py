"""Verifying one artifact's bytes.  Knows nothing of the tags that name it."""

from __future__ import annotations

from typing import NamedTuple

from gitreg.core.digest import Digest
from gitreg.errors import GitregError
from gitreg.operations.context import Context
from gitreg.operations.results import Failure
from gitreg.operations.stores import reading_store
from gitreg.storage.full_check import faults
from gitreg.storage.verified import read_manifest


class DataChecked(NamedTuple):
    """How many objects were read, and what is wrong with them."""

    objects: int
    failures: tuple[Failure, ...]


def check_data(context: Context, ref: str, manifest: Digest) -> DataChecked:
    """Read all of it; failures go by `ref`."""
    store = reading_store(context)
    try:
        contents = read_manifest(store, manifest)
    except GitregError as error:
        return DataChecked(0, (Failure(ref, "data", error.message),))
    found = tuple(Failure(ref, "data", fault.message) for fault in faults(contents, store))
    return DataChecked(1 + len(set(contents.chunks)), found)
