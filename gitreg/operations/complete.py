"""Which artifacts a store has whole, asked of the store alone: for those whose bytes are not here to compare with."""

from __future__ import annotations

from collections.abc import Iterable

from gitreg.core.digest import Digest
from gitreg.storage.store import ObjectStore
from gitreg.storage.transfer import ensure_complete
from gitreg.storage.verified import read_manifest


def incomplete(store: ObjectStore, manifests: Iterable[Digest]) -> set[Digest]:
    """Those of these manifests, all of which it has, that it lacks a chunk of."""
    return {each for each in manifests if ensure_complete(read_manifest(store, each), store)}
