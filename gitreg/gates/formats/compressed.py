"""The beginning of what a compressed stream holds, whatever the compression and however damaged its end."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, Protocol

import zstandard

from gitreg.errors import FormatError

WINDOW = 1 << 24
_PIECE = 1 << 13
_LZ4 = b"\x04\x22\x4d\x18"
_BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError, ValueError)


def decompressed_head(stream: BinaryIO, head: bytes) -> bytes | None:
    """Up to `WINDOW` bytes; None if `head`, the first bytes of `stream`, is of no known compression.

    What precedes damage counts: a reader that works piece by piece has used it by the time it finds the damage.

    Raises:
        FormatError: a method that cannot be looked into here.
    """
    if head.startswith(_LZ4):
        raise FormatError("is compressed by lz4, which is not looked into", hint="store it uncompressed")
    for magic, pieces in _PIECES.items():
        if head.startswith(magic):
            return _collect(pieces(stream))
    return None


def _collect(pieces: Iterator[bytes]) -> bytes:
    content = bytearray()
    try:
        for piece in pieces:
            content += piece
            if len(content) >= WINDOW:
                break
    except _BROKEN:
        pass
    return bytes(content[:WINDOW])


class _Compressed(Protocol):
    def read1(self, size: int, /) -> bytes: ...


def _pieces(file: _Compressed) -> Iterator[bytes]:
    return iter(lambda: file.read1(_PIECE), b"")


def _lzma(stream: BinaryIO) -> Iterator[bytes]:
    with lzma.LZMAFile(stream) as file:
        yield from _pieces(file)


def _zlib(stream: BinaryIO) -> Iterator[bytes]:
    decoder = zlib.decompressobj()
    while not decoder.eof and (piece := decoder.unconsumed_tail or stream.read(_PIECE)):
        yield decoder.decompress(piece, WINDOW)


def _zstd(stream: BinaryIO) -> Iterator[bytes]:
    reader = zstandard.ZstdDecompressor().stream_reader(stream, closefd=False)
    return iter(lambda: reader.read(_PIECE), b"")


_PIECES: Mapping[bytes, Callable[[BinaryIO], Iterator[bytes]]] = {
    b"\x1f\x8b": lambda stream: _pieces(gzip.GzipFile(fileobj=stream)),
    b"BZh": lambda stream: _pieces(bz2.BZ2File(stream)),
    b"\xfd7zXZ\x00": _lzma,
    b"\x5d\x00\x00": _lzma,
    b"\x28\xb5\x2f\xfd": _zstd,
    b"\x78\x01": _zlib,
    b"\x78\x5e": _zlib,
    b"\x78\x9c": _zlib,
    b"\x78\xda": _zlib,
}
