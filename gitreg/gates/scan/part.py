"""A piece of a file that is looked at by itself: the file, a member, what a compressed stream holds."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import BinaryIO

HEAD = 1 << 12


@dataclass(frozen=True, slots=True)
class Part:
    """`where`: the members on the way in, empty for the file itself.  `open` gives its bytes from the start, anew.

    `size`: None where only reading to the end would tell; then the stream cannot go back either.
    `beside`: the file of another name in the same directory, if there is one; members have none beside them.
    """

    where: str
    name: str
    size: int | None
    depth: int
    open: Callable[[], BinaryIO]
    beside: Callable[[str], Part | None] = lambda _: None

    def head(self, count: int = HEAD) -> bytes:
        with self.open() as stream:
            return stream.read(count)

    def tail(self, count: int) -> bytes:
        """Of a part whose size is known."""
        if self.size is None:
            return b""
        with self.open() as stream:
            stream.seek(max(0, self.size - count))
            return stream.read(count)

    def at(self, offset: int) -> str:
        return f"{self.where} at {offset}" if self.where else f"at {offset}"

    def within(self, offset: int) -> Part:
        """The same part, to say of it what stands at an offset."""
        return replace(self, where=self.at(offset))

    def inner(self, name: str, size: int | None, opener: Callable[[], BinaryIO]) -> Part:
        where = f"{self.where} > {name}" if self.where else name
        return Part(where, name, size, self.depth + 1, opener)

    def beginning(self, size: int) -> Part:
        """The same part, as if it ended after `size` bytes."""
        return replace(self, size=size, open=window(self, 0, size))

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix.lower()


class Window(io.RawIOBase):
    """Some bytes of another stream, as a stream: members that are stored uncompressed cost no copy."""

    def __init__(self, stream: BinaryIO, begin: int, size: int) -> None:
        self._stream = stream
        self._begin = begin
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._stream.seek(self._begin + self._at)
        data = self._stream.read(max(0, min(len(buffer), self._size - self._at)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        base = {0: 0, 1: self._at, 2: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        self._stream.close()
        super().close()


def window(part: Part, begin: int, size: int) -> Callable[[], BinaryIO]:
    return lambda: io.BufferedReader(Window(part.open(), begin, size), 1 << 16)
