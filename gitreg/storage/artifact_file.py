"""One file of an artifact as a stream that can be read anywhere: only the chunks read are fetched, each verified.

A chunk's digest stands in the manifest, whose digest somebody signed; so what is read is proven although the file's
own SHA-256, which needs all of its bytes, is not computed.
"""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from collections import OrderedDict
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from gitreg.storage.verified import read_exact_chunk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _typeshed import WriteableBuffer

    from gitreg.core.excerpt import PlacedFile
    from gitreg.core.manifest import ChunkEntry
    from gitreg.storage.store import ObjectStore

# As many as a reader hops between, such as a header and a tensor that spans two chunks; at most 64 MiB.
_CHUNKS_KEPT: Final = 4


def open_artifact_file(placed: PlacedFile, chunks: Sequence[ChunkEntry], store: ObjectStore) -> io.BufferedReader:
    """Open a file of the artifact that `chunks` are all of.

    Reading raises MissingObjectError, CorruptObjectError, StorageError.
    """
    return io.BufferedReader(_ArtifactFile(placed, chunks, store))


class _ArtifactFile(io.RawIOBase):
    """Positions are the file's own; `_starts` are those of its chunks, the first of which may begin before the file."""

    def __init__(self, placed: PlacedFile, chunks: Sequence[ChunkEntry], store: ObjectStore) -> None:
        self._store = store
        self._size = placed.file.size
        self._position = 0
        self._chunks, self._starts = overlapping(placed, chunks)
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("a position before the file's start")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill from one chunk; who wants more asks again."""
        target = memoryview(buffer).cast("B")
        left = self._size - self._position
        if left <= 0 or not target:
            return 0
        number = bisect_right(self._starts, self._position) - 1
        start = self._position - self._starts[number]
        piece = memoryview(self._chunk(number))[start : start + min(left, len(target))]
        target[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def _chunk(self, number: int) -> bytes:
        if number not in self._kept:
            self._kept[number] = read_exact_chunk(self._store, self._chunks[number])
            if len(self._kept) > _CHUNKS_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(number)
        return self._kept[number]


def overlapping(placed: PlacedFile, chunks: Sequence[ChunkEntry]) -> tuple[list[ChunkEntry], list[int]]:
    """The chunks that hold bytes of the file, and where each starts, counted from the file's first byte."""
    starts = accumulate((chunk.length for chunk in chunks), initial=-placed.start)
    inside = [
        (chunk, start)
        for chunk, start in zip(chunks, starts, strict=False)
        if start < placed.file.size and start + chunk.length > 0
    ]
    return [chunk for chunk, _ in inside], [start for _, start in inside]
