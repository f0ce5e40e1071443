"""Zip archives that every reader reads alike, with few members.  Knows nothing of what the members mean."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from gitreg.errors import FormatError

MAGIC = b"PK\x03\x04"
_MOST_MEMBERS = 100_000
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


def open_archive(stream: BinaryIO) -> zipfile.ZipFile:
    """Open the archive, members not yet read.

    Raises:
        FormatError: not an archive, or one of which readers may see different members.
    """
    try:
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise FormatError(f"is not a zip archive: {error}") from None
    members = archive.infolist()
    if len(members) > _MOST_MEMBERS:
        raise FormatError(f"has more than {_MOST_MEMBERS} members")
    if len({member.filename for member in members}) != len(members):
        raise FormatError("has two members of one name")
    if members and min(member.header_offset for member in members) != 0:
        raise FormatError("has bytes before its first member")
    for member in members:
        _check_member(member)
    return archive


def _check_member(member: zipfile.ZipInfo) -> None:
    name = member.filename
    if name.startswith("/") or "\\" in name or ".." in name.split("/"):
        raise FormatError(f"has a member outside of itself: {name[:60]!r}")
    if member.flag_bits & 1:
        raise FormatError(f"has an encrypted member: {name[:60]!r}")
    if member.compress_type not in _METHODS:
        raise FormatError(f"compresses {name[:60]!r} by a method that not every reader knows")


@contextmanager
def open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[BinaryIO]:
    """The member's bytes, decompressed as they are read; FormatError where headers disagree or bytes are damaged."""
    try:
        with archive.open(member) as content:
            yield cast(BinaryIO, content)
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise FormatError(f"has an unreadable member: {error}") from None
