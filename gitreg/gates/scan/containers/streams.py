"""gzip, zlib, bz2, xz, lzma, zstd, tar: recognised by how they begin, and what they hold is looked at."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from gitreg.gates.scan.containers.inflate import file_pieces, inflated, seekable, zlib_pieces, zstd_pieces
from gitreg.gates.scan.containers.names import fault_of
from gitreg.gates.scan.finding import shown
from gitreg.gates.scan.part import Part, window

if TYPE_CHECKING:
    from gitreg.gates.scan.scan import Scan

Pieces = Callable[[BinaryIO], Iterator[bytes]]

_KNOWN: Mapping[bytes, tuple[str, Pieces]] = {
    b"\x1f\x8b": ("gzip", lambda source: file_pieces(gzip.GzipFile(fileobj=source))),
    b"BZh": ("bz2", lambda source: file_pieces(bz2.BZ2File(source))),
    b"\xfd7zXZ\x00": ("xz", lambda source: file_pieces(lzma.LZMAFile(source))),  # noqa: SIM115
    b"\x5d\x00\x00": ("lzma", lambda source: file_pieces(lzma.LZMAFile(source))),  # noqa: SIM115
    b"\x28\xb5\x2f\xfd": ("zstd", zstd_pieces),
    **{bytes([0x78, level]): ("zlib", lambda source: zlib_pieces(source, 15)) for level in (0x01, 0x5E, 0x9C, 0xDA)},
}
_UNPACK = "unpack it and scan what comes out"


def look_at_stream(part: Part, scan: Scan) -> str | None:
    head = part.head(8)
    if head.startswith((b"\x04\x22\x4d\x18", b"ZF0x")):
        scan.unknown(part, "packed", "is compressed in a way that is not looked into", _UNPACK)
        return "lz4" if head[0] == 4 else "joblib (before 0.10)"
    for magic, (name, pieces) in _KNOWN.items():
        if head.startswith(magic):
            inner = part.inner(_unpacked_name(part, name), None, partial(_open, part, pieces, scan))
            if not inner.head(1):
                return None
            scan.inside(inner)
            return name
    return None


def look_at_tar(part: Part, scan: Scan) -> str | None:
    if part.head(512)[257:262] != b"ustar":
        return None
    whole = seekable(part, scan.meter)
    seen: set[str] = set()
    with whole.open() as stream:
        try:
            with tarfile.open(fileobj=stream, mode="r:", encoding="utf-8") as archive:
                for member in archive:
                    scan.meter.member()
                    _look_at_member(whole, scan, member, seen)
        except (tarfile.TarError, ValueError, EOFError) as error:
            scan.unknown(part, "tar-member", f"is a damaged tar archive: {shown(str(error))}", _UNPACK)
    return "tar"


def _look_at_member(part: Part, scan: Scan, member: tarfile.TarInfo, seen: set[str]) -> None:
    fault = fault_of(member.name)
    if member.name.casefold() in seen:
        fault = "stands twice"
    elif not (member.isdir() or member.type in {tarfile.REGTYPE, tarfile.AREGTYPE}):
        fault = "is a link, a device or a sparse file"
    seen.add(member.name.casefold())
    if fault:
        scan.unknown(part, "tar-member", f"has a member {shown(member.name)!r} that {fault}", _UNPACK)
    if member.isreg() and member.size:
        scan.inside(part.inner(shown(member.name), member.size, window(part, member.offset_data, member.size)))


def _open(part: Part, pieces: Pieces, scan: Scan) -> BinaryIO:
    source = part.open()
    return inflated(source, pieces(source), scan.meter)


def _unpacked_name(part: Part, name: str) -> str:
    return PurePosixPath(part.name).stem if part.suffix in {".gz", ".bz2", ".xz", ".zst"} else f"{name} stream"
