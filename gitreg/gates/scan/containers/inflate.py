"""Compressed streams as streams, every byte of them counted.  Damage ends them; what came before it was read."""

from __future__ import annotations

import io
import lzma
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO, Protocol

import zstandard

from gitreg.gates.scan.budget import Meter, TooMuchError
from gitreg.gates.scan.part import Part

_PIECE = 1 << 16
_SMALL_PIECE = 1 << 13
_IN_MEMORY = 16 << 20
BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError, ValueError)


class Inflated(io.RawIOBase):
    """Pieces out of an iterator, as a stream that only goes forward."""

    def __init__(self, source: BinaryIO, pieces: Iterator[bytes], meter: Meter) -> None:
        self._source = source
        self._pieces = pieces
        self._meter = meter
        self._held = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._held:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._meter.inflate(len(piece))
            self._held = memoryview(piece)
        count = min(len(buffer), len(self._held))
        buffer[:count] = self._held[:count]
        self._held = self._held[count:]
        return count

    def close(self) -> None:
        self._source.close()
        super().close()


def inflated(source: BinaryIO, pieces: Iterator[bytes], meter: Meter) -> BinaryIO:
    return io.BufferedReader(Inflated(source, pieces, meter), _PIECE)


def deflated(opener: Callable[[], BinaryIO], meter: Meter) -> BinaryIO:
    """A zip member's raw deflate stream."""
    source = opener()
    return inflated(source, zlib_pieces(source, -15), meter)


def zlib_pieces(source: BinaryIO, bits: int) -> Iterator[bytes]:
    decoder = zlib.decompressobj(bits)
    try:
        while not decoder.eof and (piece := decoder.unconsumed_tail or source.read(_PIECE)):
            yield decoder.decompress(piece, _PIECE)
    except BROKEN:
        return


class _ByPieces(Protocol):
    def read1(self, size: int, /) -> bytes: ...


def file_pieces(file: _ByPieces) -> Iterator[bytes]:
    """In small pieces, so that what precedes damage is seen: a reader that works alike has used it by then."""
    try:
        while piece := file.read1(_SMALL_PIECE):
            yield piece
    except BROKEN:
        return


def zstd_pieces(source: BinaryIO) -> Iterator[bytes]:
    reader = zstandard.ZstdDecompressor().stream_reader(source, read_across_frames=True, closefd=False)
    try:
        while piece := reader.read(_SMALL_PIECE):
            yield piece
    except BROKEN:
        return


def spooled(part: Part, meter: Meter) -> Part:
    """The same part, kept so that one can go back in it."""
    kept = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  lives as long as the part
    size = 0
    with part.open() as stream:
        while piece := stream.read(_PIECE):
            size += len(piece)
            if size > meter.limits.spooled:
                raise TooMuchError(f"unpacks to an archive of more than {meter.limits.spooled} bytes")
            kept.write(piece)
    return replace(part, size=size, open=lambda: _Kept(kept))  # type: ignore[arg-type, return-value]


def seekable(part: Part, meter: Meter) -> Part:
    return part if part.size is not None else spooled(part, meter)


class _Kept(io.RawIOBase):
    """One more view of a file that stays open."""

    def __init__(self, file: tempfile.SpooledTemporaryFile[bytes]) -> None:
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, count: int = -1) -> bytes:
        self._file.seek(self._at)
        data = self._file.read(count)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        self._file.seek(self._at)
        self._at = self._file.seek(offset, whence) if whence != 1 else self._file.seek(self._at + offset)
        return self._at

    def tell(self) -> int:
        return self._at
