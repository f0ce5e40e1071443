"""Which chunks hold which files: an artifact's stream divided into units that can be read on their own."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from gitreg.core.limits import MIB

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from gitreg.core.manifest import ChunkEntry, FileEntry, Manifest

_UNIT_BYTES: Final = 8 * MIB


@dataclass(frozen=True, slots=True)
class Unit:
    """Files and the chunks of exactly their bytes; usually one large file, or a run of small ones."""

    files: tuple[FileEntry, ...]
    chunks: tuple[ChunkEntry, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """The next bytes of the stream, which belong to one file."""

    file: FileEntry
    length: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of one file, by the place they have in it."""

    path: str
    offset: int
    length: int


def placed_chunks(manifest: Manifest) -> Iterator[tuple[ChunkEntry, tuple[Piece, ...]]]:
    """Each chunk of the stream, with the places in files that its bytes have."""
    done: dict[str, int] = {}
    for chunk, parts in _all_parts(Unit(manifest.files, manifest.chunks)):
        pieces = []
        for part in parts:
            offset = done.pop(part.file.path, 0)
            pieces.append(Piece(part.file.path, offset, part.length))
            if offset + part.length < part.file.size:
                done[part.file.path] = offset + part.length
        yield chunk, tuple(pieces)


def chunks_of(manifest: Manifest, wanted: Collection[str]) -> set[ChunkEntry]:
    """The chunks that hold bytes of the wanted files."""
    ends = list(accumulate(chunk.length for chunk in manifest.chunks))
    found: set[ChunkEntry] = set()
    position = 0
    for file in manifest.files:
        if file.size and file.path in wanted:
            last = bisect_left(ends, position + file.size)
            found.update(manifest.chunks[bisect_right(ends, position) : last + 1])
        position += file.size
    return found


def units(manifest: Manifest) -> Iterator[Unit]:
    """Divide wherever a file and a chunk end together and a unit's worth has gathered."""
    chunks = iter(manifest.chunks)
    files: list[FileEntry] = []
    held: list[ChunkEntry] = []
    size = surplus = 0
    for file in manifest.files:
        files.append(file)
        size += file.size
        surplus -= file.size
        while surplus < 0:
            held.append(next(chunks))
            surplus += held[-1].length
        if surplus == 0 and size >= _UNIT_BYTES:
            yield Unit(tuple(files), tuple(held))
            files, held, size = [], [], 0
    if files:
        yield Unit(tuple(files), tuple(held))


def chunk_parts(unit: Unit, wanted: Collection[str]) -> Iterator[tuple[ChunkEntry, list[Part]]]:
    """Each chunk that holds bytes of a wanted file, with all the parts it consists of."""
    for chunk, parts in _all_parts(unit):
        if any(part.file.path in wanted for part in parts):
            yield chunk, parts


def _all_parts(unit: Unit) -> Iterator[tuple[ChunkEntry, list[Part]]]:
    files = iter([file for file in unit.files if file.size])
    file, left = None, 0
    for chunk in unit.chunks:
        parts: list[Part] = []
        room = chunk.length
        while room:
            if file is None or not left:
                file = next(files)
                left = file.size
            length = min(left, room)
            parts.append(Part(file, length))
            left -= length
            room -= length
        yield chunk, parts
