"""Which chunks hold which files: an artifact's stream divided into units that can be read on their own."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

from gitreg.core.limits import MIB

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitreg.core.excerpt import Excerpt
    from gitreg.core.manifest import ChunkEntry, FileEntry, Manifest

_UNIT_BYTES: Final = 8 * MIB


class Gap(NamedTuple):
    """Bytes of files that nobody asked for, between or beside some that somebody did."""

    size: int


class Unit(NamedTuple):
    """Files and gaps, and the chunks of exactly their bytes; usually one large file, or a run of small ones."""

    entries: tuple[FileEntry | Gap, ...]
    chunks: tuple[ChunkEntry, ...]

    @property
    def files(self) -> list[FileEntry]:
        """The files without the gaps."""
        return [entry for entry in self.entries if not isinstance(entry, Gap)]

    def proofs(self) -> Iterator[tuple[FileEntry, tuple[ChunkEntry, ...]]]:
        """Each file with the chunks that hold its bytes and no others', if there are such."""
        chunk_at = {start: number for number, start in enumerate(accumulate(map(_length, self.chunks), initial=0))}
        position = 0
        for entry in self.entries:
            end = position + entry.size
            if not isinstance(entry, Gap):
                alone = position in chunk_at and end in chunk_at
                yield entry, self.chunks[chunk_at[position] : chunk_at[end]] if alone else ()
            position = end


class Part(NamedTuple):
    """The next bytes of the stream, which belong to one file or to none that matters."""

    entry: FileEntry | Gap
    length: int

    @property
    def path(self) -> str | None:
        """The file's, or None in a gap."""
        return None if isinstance(self.entry, Gap) else self.entry.path


class Piece(NamedTuple):
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
            if isinstance(part.entry, Gap):
                continue
            offset = done.pop(part.entry.path, 0)
            pieces.append(Piece(part.entry.path, offset, part.length))
            if offset + part.length < part.entry.size:
                done[part.entry.path] = offset + part.length
        yield chunk, tuple(pieces)


def chunks_of(excerpt: Excerpt) -> set[ChunkEntry]:
    """The chunks that hold bytes of the excerpt's files."""
    return {chunk for unit in units(excerpt) for chunk, _ in chunk_parts(unit)}


def units(excerpt: Excerpt) -> Iterator[Unit]:
    """Divide where a file and a chunk end together and a unit's worth has gathered, or chunks are not needed."""
    ends = list(accumulate(map(_length, excerpt.chunks), initial=0))
    nascent = _NascentUnit(0, 0)
    for file, start in excerpt.files:
        first = bisect_right(ends, start) - 1
        if start >= ends[nascent.stop]:
            gathered = ends[nascent.stop] - ends[nascent.first]
            if first > nascent.stop or gathered >= _UNIT_BYTES:
                yield from nascent.finished(excerpt.chunks, ends)
                nascent = _NascentUnit(first, ends[first])
        nascent.add(file, start)
        if file.size:
            nascent.stop = bisect_left(ends, start + file.size)
    yield from nascent.finished(excerpt.chunks, ends)


class _NascentUnit:
    """Entries up to the position `covered` of the stream, and the chunks from `first` to before `stop`."""

    def __init__(self, first: int, covered: int) -> None:
        self.first = self.stop = first
        self._covered = covered
        self._entries: list[FileEntry | Gap] = []

    def add(self, file: FileEntry, start: int) -> None:
        if file.size:
            self._cover(start)
            self._covered += file.size
        self._entries.append(file)

    def finished(self, chunks: Sequence[ChunkEntry], ends: Sequence[int]) -> Iterator[Unit]:
        """The unit, unless there is nothing in it."""
        if self._entries:
            self._cover(ends[self.stop])
            yield Unit(tuple(self._entries), tuple(chunks[self.first : self.stop]))

    def _cover(self, position: int) -> None:
        if position > self._covered:
            self._entries.append(Gap(position - self._covered))
            self._covered = position


def chunk_parts(unit: Unit) -> Iterator[tuple[ChunkEntry, list[Part]]]:
    """Each chunk that holds bytes of a file, with all the parts it consists of."""
    for chunk, parts in _all_parts(unit):
        if any(not isinstance(part.entry, Gap) for part in parts):
            yield chunk, parts


def _all_parts(unit: Unit) -> Iterator[tuple[ChunkEntry, list[Part]]]:
    entries = iter([entry for entry in unit.entries if entry.size])
    entry, left = None, 0
    for chunk in unit.chunks:
        parts: list[Part] = []
        room = chunk.length
        while room:
            if entry is None or not left:
                entry = next(entries)
                left = entry.size
            length = min(left, room)
            parts.append(Part(entry, length))
            left -= length
            room -= length
        yield chunk, parts


def _length(chunk: ChunkEntry) -> int:
    return chunk.length
