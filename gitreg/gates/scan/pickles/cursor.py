"""Reading a pickle's bytes forwards, frames included.  Knows no opcode."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

_PIECE = 1 << 16
_LONGEST_LINE = 1 << 20


class BrokenError(Exception):
    """Every reader stops here; nothing more of this stream happens."""


class CutOffError(BrokenError):
    """There are fewer bytes than an opcode needs, which would end at `end`."""

    def __init__(self, end: int) -> None:
        super().__init__("is cut off")
        self.end = end


class Cursor:
    """A position in a stream.  Who sets `differ` is told where CPython's two machines would not read alike.

    The machine written in Python keeps opcodes within their frame, the one in C takes frames as a hint.
    """

    __slots__ = ("_at", "_before", "_buffer", "_frame_end", "_stream", "differ")

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.differ: Callable[[str], None] = lambda _: None
        self._buffer = b""
        self._at = 0
        self._before = 0
        self._frame_end: int | None = None

    @property
    def offset(self) -> int:
        """Bytes read since the cursor was made."""
        return self._before + self._at

    def read(self, count: int) -> bytes:
        if self._frame_end is not None:
            self._leave_frame(count)
        end = self._at + count
        if end > len(self._buffer):
            self._fill(count)
            end = count
        data = self._buffer[self._at : end]
        if len(data) != count:
            raise CutOffError(self.offset + count)
        self._at = end
        return data

    def skip(self, count: int) -> None:
        """Pass over bytes without holding them."""
        self._leave_frame(count)
        held = min(count, len(self._buffer) - self._at)
        self._at += held
        passed = self._pass(count - held)
        self._before += passed
        if held + passed != count:
            raise CutOffError(self.offset + count - held - passed)

    def line(self) -> bytes:
        """Up to a line's end, without it.  At the very end a line may lack it: the machines differ about that."""
        size = _PIECE
        while (end := self._buffer.find(b"\n", self._at)) < 0 and size <= _LONGEST_LINE:
            before = len(self._buffer) - self._at
            self._fill(before + size)
            if len(self._buffer) == before:
                return self._last_line()
            size *= 2
        if end < 0:
            raise BrokenError("has a line of more than a million characters")
        self._leave_frame(end + 1 - self._at)
        line, self._at = self._buffer[self._at : end], end + 1
        return line

    def enter_frame(self, size: int) -> None:
        if self._frame_end is not None and self.offset < self._frame_end:
            self.differ("a frame begins within another")
        self._frame_end = self.offset + size

    def leave_frame(self) -> None:
        """What follows is read from the file itself, as raw arrays are."""
        if self._frame_end is not None and self.offset < self._frame_end:
            self.differ("raw bytes begin within a frame")
        self._frame_end = None

    def drop_frame(self) -> None:
        """Another pickle begins, in no frame."""
        self._frame_end = None

    def at_end(self) -> bool:
        if self._at == len(self._buffer):
            self._fill(1)
        return self._at == len(self._buffer)

    def _last_line(self) -> bytes:
        line, self._at = self._buffer[self._at :], len(self._buffer)
        if line:
            self.differ("the last line has no end")
        return line[:-1]

    def _leave_frame(self, count: int) -> None:
        if self._frame_end is None or not count or self.offset + count <= self._frame_end:
            return
        if self.offset < self._frame_end:
            self.differ("an opcode crosses the end of its frame")
        self._frame_end = None

    def _fill(self, count: int) -> None:
        """Hold at least `count` bytes from here on, where there are as many."""
        rest = self._buffer[self._at :]
        self._before += self._at
        self._at = 0
        self._buffer = rest + self._stream.read(max(_PIECE, count - len(rest)))

    def _pass(self, count: int) -> int:
        if count and self._stream.seekable():
            here = self._stream.tell()
            end = self._stream.seek(0, 2)
            return self._stream.seek(min(here + count, end)) - here
        left = count
        while left and (piece := self._stream.read(min(left, _PIECE))):
            left -= len(piece)
        return count - left
