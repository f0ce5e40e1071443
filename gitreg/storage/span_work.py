"""One span's way through the machine: read a window, cut it, hand its hashing and writing to helpers, read the next.

At most two windows of a span are in use, so memory does not grow with the file; only one thread runs a span, so
cuts and SHA-256 stay in order.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from gitreg.core.limits import MIB
from gitreg.core.manifest import LARGE_FILE, ChunkEntry
from gitreg.storage.cutting.cutter import StreamCutter
from gitreg.storage.cutting.head import Head
from gitreg.storage.cutting.segments import file_segments, run_segments
from gitreg.storage.span_reader import Piece, SpanReader, open_unchanged, unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitreg.storage.chunk_sink import ChunkSink
    from gitreg.storage.cutting.rule import Segment
    from gitreg.storage.source import SourceFile
    from gitreg.storage.windows import WindowPool

# Four of the largest chunks that a run of small files is cut into.
_RUN_WINDOW: Final = 4 * MIB

_Any = TypeVar("_Any")


class SpanResult(NamedTuple):
    """The SHA-256 of each of the span's files, and its chunks, both in order."""

    sha256s: tuple[str, ...]
    chunks: tuple[ChunkEntry, ...]


class Equipment(NamedTuple):
    """What all spans of one run share."""

    windows: WindowPool
    helpers: Executor
    hashers: Executor
    sink: ChunkSink
    stop: threading.Event


class _InFlight(NamedTuple):
    """A window whose bytes helpers still use."""

    window: memoryview
    hashing: Future[None]
    storing: tuple[Future[ChunkEntry], ...]


class SpanWork:
    """The work on one span; `run` once."""

    def __init__(self, files: Sequence[SourceFile], equipment: Equipment) -> None:
        self._shared = equipment
        self._reader = SpanReader(files)
        self._cutter = StreamCutter(_segments(files))
        self._is_run = files[0].size < LARGE_FILE
        self._in_flight: deque[_InFlight] = deque()
        self._chunks: list[ChunkEntry] = []

    def run(self) -> SpanResult:
        """Read the span to its end.  Raises SourceError, StorageError."""
        uncut = memoryview(b"")
        try:
            while not (self._reader.finished or self._shared.stop.is_set()):
                uncut = self._advance(uncut)
            while self._in_flight:
                self._retire()
        finally:
            self._abandon()
        return SpanResult(tuple(self._reader.sha256s), tuple(self._chunks))

    def _advance(self, uncut: memoryview) -> memoryview:
        """Take in one window; return the bytes at its end that no cut is certain for yet."""
        window = self._shared.windows.take()
        used = window[:_RUN_WINDOW] if self._is_run else window
        used[: len(uncut)] = uncut
        pieces = self._fill(window, used[len(uncut) :])
        filled = len(uncut) + sum(len(piece.view) for piece in pieces)
        chunks, rest = _split(used[:filled], self._cutter.cut(used[:filled]))
        if self._in_flight:
            self._in_flight[-1].hashing.result()
        hashing = self._shared.hashers.submit(self._reader.hash_pieces, pieces)
        storing = tuple(self._shared.helpers.submit(self._shared.sink.put, chunk) for chunk in chunks)
        self._in_flight.append(_InFlight(window, hashing, storing))
        if len(self._in_flight) > 1:
            self._retire()
        return rest

    def _fill(self, window: memoryview, free: memoryview) -> list[Piece]:
        try:
            return self._reader.fill(free)
        except BaseException:
            self._shared.windows.give_back(window)
            raise

    def _retire(self) -> None:
        """Wait for the oldest window's helpers, keep their results and free the window."""
        oldest = self._in_flight[0]
        oldest.hashing.result()
        self._chunks += [stored.result() for stored in oldest.storing]
        self._in_flight.popleft()
        self._shared.windows.give_back(oldest.window)

    def _abandon(self) -> None:
        """After a failure: let go of the file, and of the windows once no helper uses them any more."""
        self._reader.close()
        for flight in self._in_flight:
            _drain(flight.hashing)
            for storing in flight.storing:
                _drain(storing)
            self._shared.windows.give_back(flight.window)
        self._in_flight.clear()


def _drain(future: Future[_Any]) -> None:
    """Cancel the work, or wait until it no longer touches its window; its failure has been or will be told."""
    if not future.cancel():
        future.exception()


def _segments(files: Sequence[SourceFile]) -> list[Segment]:
    """A large file is cut by its own structure, a run of small ones by content alone."""
    if files[0].size < LARGE_FILE:
        return run_segments(sum(file.size for file in files))
    try:
        descriptor = open_unchanged(files[0])
        try:
            return file_segments(Head(descriptor, files[0].size))
        finally:
            os.close(descriptor)
    except OSError as error:
        raise unreadable(files[0], error) from error


def _split(view: memoryview, lengths: Sequence[int]) -> tuple[list[memoryview], memoryview]:
    """Cut the view into chunks of these lengths and the rest."""
    chunks = []
    for length in lengths:
        chunks.append(view[:length])
        view = view[length:]
    return chunks, view
