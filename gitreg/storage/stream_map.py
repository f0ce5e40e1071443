"""Which chunks hold which files: an artifact's stream divided into units that can be read on their own."""

from __future__ import annotations

from dataclasses import dataclass
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
        if any(part.file.path in wanted for part in parts):
            yield chunk, parts
