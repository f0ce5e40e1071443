"""Reads all of an artifact: every chunk against its name, every file against the SHA-256 that other tools trust.

A checkout proves its large files by their chunks alone; that the manifest names the right SHA-256 as well is a claim
of whoever made it, and this is where it is put to the test.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from gitreg.core.excerpt import excerpt_of
from gitreg.errors import GitregError
from gitreg.storage.stream_map import Part, Unit, chunk_parts, units
from gitreg.storage.verified import WrongSha256Error, read_exact_chunk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from hashlib import _Hash as Hash

    from gitreg.core.digest import Digest
    from gitreg.core.manifest import Manifest
    from gitreg.storage.store import ObjectStore


def faults(manifest: Manifest, store: ObjectStore) -> Iterator[GitregError]:
    """All that is missing, damaged or not as claimed, in stream order."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(partial(_faults, store), units(excerpt_of(manifest))):
            yield from found


def _faults(store: ObjectStore, unit: Unit) -> list[GitregError]:
    """Those of one unit."""
    found: dict[Digest, GitregError] = {}
    hashes = {file.path: hashlib.sha256() for file in unit.files}
    for chunk, parts in chunk_parts(unit):
        try:
            _update(hashes, parts, memoryview(read_exact_chunk(store, chunk)))
        except GitregError as error:
            found[chunk.digest] = error
            for path in [part.path for part in parts if part.path]:  # no SHA-256 without all of its chunks
                hashes.pop(path, None)
    known = [(file, hashes[file.path].hexdigest()) for file in unit.files if file.path in hashes]
    return [*found.values(), *(WrongSha256Error(file.path) for file, sha256 in known if sha256 != file.sha256)]


def _update(hashes: dict[str, Hash], parts: Sequence[Part], chunk: memoryview) -> None:
    for part in parts:
        if part.path in hashes:
            hashes[part.path].update(chunk[: part.length])
        chunk = chunk[part.length :]
