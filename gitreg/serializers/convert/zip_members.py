"""Zip archives for conversion: members by name, each where its bytes lie.  Knows nothing of what they mean."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gitreg.core.text import escape
from gitreg.errors import FormatError

_LOCAL = struct.Struct("<4s5H3L2H")
_DAMAGED = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError, ValueError)
_PIECE = 4 << 20


@contextmanager
def opened_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive, in which no two members share a name.  Raises FormatError, also for damage met while it is open."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(set(names)) != len(names):
                raise FormatError("has two members of one name")
            yield archive
    except _DAMAGED as error:
        if isinstance(error, FileNotFoundError | PermissionError):
            raise
        raise FormatError(f"is not a sound zip archive: {escape(str(error))}") from None


def members_of(archive: zipfile.ZipFile) -> Mapping[str, zipfile.ZipInfo]:
    return {member.filename: member for member in archive.infolist()}


def read_small(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    """A member's bytes.  Raises FormatError beyond `limit`."""
    with archive.open(member) as content:
        data = content.read(limit + 1)
    if len(data) > limit:
        raise FormatError(f"has a member longer than {limit} bytes: '{escape(member.filename[:60])}'")
    return data


def check_sum(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Read a member whole, so that zipfile compares its checksum."""
    with archive.open(member) as content:
        while content.read(_PIECE):
            pass


def data_offset(file: BinaryIO, member: zipfile.ZipInfo) -> int:
    """Where a stored member's bytes begin: behind the local header's own name and extra field."""
    if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1 or member.compress_size != member.file_size:
        raise FormatError(f"compresses '{escape(member.filename[:60])}', which torch never does")
    file.seek(member.header_offset)
    header = file.read(_LOCAL.size)
    if len(header) != _LOCAL.size or header[:4] != b"PK\x03\x04":
        raise FormatError(f"has no header for '{escape(member.filename[:60])}'")
    *_, name, extra = _LOCAL.unpack(header)
    return int(member.header_offset + _LOCAL.size + name + extra)
