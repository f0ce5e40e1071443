"""Ways to store the versions of an artifact, reduced to what they store: pieces by digest, each kept once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pyfastcdc
from blake3 import blake3

from gitreg.storage.ingest import ingest

MIB = 1 << 20
Pieces = Iterator[tuple[str, int]]


def whole_files(version: Path) -> Pieces:
    """What DVC and Git LFS keep."""
    for file in _files(version):
        data = file.read_bytes()
        yield blake3(data).hexdigest(), len(data)


def fixed_blocks(version: Path) -> Pieces:
    for file in _files(version):
        with file.open("rb") as stream:
            while block := stream.read(4 * MIB):
                yield blake3(block).hexdigest(), len(block)


def content_defined(version: Path) -> Pieces:
    """FastCDC with an average of 1 MiB over each file."""
    chunker = pyfastcdc.FastCDC(MIB, min_size=MIB // 4, max_size=4 * MIB)
    for file in _files(version):
        for chunk in chunker.cut_buf(file.read_bytes()):
            yield blake3(chunk.data).hexdigest(), chunk.length


def gitreg(version: Path) -> Pieces:
    for chunk in ingest(version, None).manifest.chunks:
        yield chunk.digest.hex, chunk.length


SCHEMES: dict[str, Callable[[Path], Pieces]] = {
    "whole file": whole_files,
    "fixed 4 MiB": fixed_blocks,
    "FastCDC 1 MiB": content_defined,
    "gitreg": gitreg,
}


def stored_share(versions: list[Path], scheme: Callable[[Path], Pieces]) -> float:
    """Bytes kept for all versions over the bytes they have."""
    pieces = [piece for version in versions for piece in scheme(version)]
    return sum(dict(pieces).values()) / sum(length for _, length in pieces)


def _files(version: Path) -> list[Path]:
    return [version] if version.is_file() else sorted(path for path in version.rglob("*") if path.is_file())
