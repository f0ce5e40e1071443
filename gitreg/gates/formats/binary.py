"""Bytes taken one after the other out of a file of known size, and never more than it has.  Knows no format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from gitreg.errors import FormatError
from gitreg.gates.formats.reading import read_exactly


@dataclass(slots=True)
class Taken:
    """`step`: called each time something is taken, and may stop a walk that takes too long."""

    stream: BinaryIO
    size: int
    step: Callable[[], None]
    at: int = 0

    def take(self, count: int) -> bytes:
        self.step()
        self._advance(count)
        return read_exactly(self.stream, count, "the file")

    def skip(self, count: int) -> None:
        self.step()
        self._advance(count)
        self.stream.seek(self.at)

    def big(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")

    def little(self, width: int) -> int:
        return int.from_bytes(self.take(width), "little")

    @property
    def left(self) -> int:
        return self.size - self.at

    def _advance(self, count: int) -> None:
        if not 0 <= count <= self.left:
            raise FormatError("the file is cut off")
        self.at += count
