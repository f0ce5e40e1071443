"""Reading single files and tensors of a version without the rest of it."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator
from contextlib import closing
from io import BufferedReader
from typing import TYPE_CHECKING, NamedTuple

from gitreg.core.excerpt import PlacedFile, parse_excerpt
from gitreg.core.manifest import ChunkEntry, FileEntry, Manifest, parse_manifest
from gitreg.core.near import did_you_mean
from gitreg.core.reference import Reference
from gitreg.core.text import escape
from gitreg.errors import FormatError, NotFoundError
from gitreg.gates.formats.safetensors import check_safetensors
from gitreg.operations.context import Context
from gitreg.operations.resolve import Draft, FoundVersion, find
from gitreg.operations.stores import reading_store
from gitreg.serializers.tensor_file import TensorFile
from gitreg.storage.artifact_file import open_artifact_file
from gitreg.storage.store import ObjectStore
from gitreg.storage.verified import read_manifest_text

if TYPE_CHECKING:
    from gitreg.serializers.tensor_file import Tensor

_SUFFIX = ".safetensors"


class FoundFile(NamedTuple):
    """One file of a version, and all chunks of the artifact."""

    found: FoundVersion | Draft
    placed: PlacedFile
    chunks: tuple[ChunkEntry, ...]


def open_file(context: Context, reference: Reference, path: str) -> BufferedReader:
    """A seekable stream over one file; reads fetch and verify only the chunks they need.  Raises NotFoundError."""
    store = reading_store(context)
    file = find_file(context, reference, path, store)
    return open_artifact_file(file.placed, file.chunks, store)


def find_file(context: Context, reference: Reference, path: str, store: ObjectStore) -> FoundFile:
    """The file in the verified manifest of a verified version.  Raises NotFoundError."""
    found = find(context, reference)
    text = read_manifest_text(store, found.pointer.manifest)
    try:
        excerpt = parse_excerpt(text, (glob.escape(path),))
    except NotFoundError:
        raise _no_such_file(parse_manifest(text), path) from None
    return FoundFile(found, excerpt.files[0], excerpt.chunks)


def _no_such_file(manifest: Manifest, path: str) -> NotFoundError:
    near = did_you_mean(path, (file.path for file in manifest.files[:10_000]))
    hint = near or "gitreg show REF --all lists its files"
    return NotFoundError(f"no file '{escape(path)}' in this version", hint=hint)


def load_tensors(context: Context, reference: Reference, names: Iterable[str]) -> dict[str, Tensor]:
    """Tensors by name, wherever among the version's safetensors files they are; each file's header is checked.

    Raises NotFoundError if one is nowhere, FormatError for a malformed file, MissingDependencyError for element types
    that NumPy does not have.
    """
    store = reading_store(context)
    text = read_manifest_text(store, find(context, reference).pointer.manifest)
    wanted = dict.fromkeys(names)
    found: dict[str, Tensor] = {}
    for tensors in _tensor_files(text, store):
        for name in [name for name in wanted if name not in found and name in tensors.names]:
            found[name] = tensors.read(name)
        if len(found) == len(wanted):
            return {name: found[name] for name in wanted}
    missing = next(name for name in wanted if name not in found)
    raise NotFoundError(f"no tensor '{escape(missing)}' in this version's {_SUFFIX} files")


def _tensor_files(text: bytes, store: ObjectStore) -> Iterator[TensorFile]:
    try:
        excerpt = parse_excerpt(text, (f"*{_SUFFIX}",))
    except NotFoundError:
        return
    for placed in excerpt.files:
        with closing(open_artifact_file(placed, excerpt.chunks, store)) as stream:
            yield _tensor_file(placed.file, stream)


def _tensor_file(file: FileEntry, stream: BufferedReader) -> TensorFile:
    try:
        check_safetensors(stream, file.size)
    except FormatError as error:
        raise FormatError(f"{escape(file.path)}: {error.message}", hint=error.hint) from None
    return TensorFile(stream)
