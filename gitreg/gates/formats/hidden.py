"""Pickles wherever they hide: bare, compressed, or as members of a zip archive.  Trusts content, never a name."""

from __future__ import annotations

from io import BytesIO
from typing import BinaryIO

from gitreg.errors import FormatError
from gitreg.gates.formats import archive
from gitreg.gates.formats.compressed import WINDOW, decompressed_head
from gitreg.gates.formats.pickles import is_pickle

_DEEPEST = 4
_LARGEST_INNER_ARCHIVE = 1 << 30  # its directory is at its end, so that all of it must be decompressed


def find_pickle(stream: BinaryIO, size: int | None, *, depth: int = 0) -> str | None:
    """Where in this seekable stream a pickle lies, in words; None if nowhere.  `size` is in bytes, None if unknown.

    Raises:
        FormatError: compressed or archived in a way that cannot be looked through.
    """
    if depth > _DEEPEST:
        raise FormatError("is compressed or archived too many times over")
    head = stream.read(8)
    stream.seek(0)
    if head.startswith(archive.MAGIC):
        if depth and (size is None or size > _LARGEST_INNER_ARCHIVE):
            raise FormatError("holds an archive that is too large to look through")
        return _in_archive(stream, depth)
    if is_pickle(stream, size):
        return "is a pickle"
    stream.seek(0)
    return _in_compressed(stream, head, depth)


def _in_compressed(stream: BinaryIO, head: bytes, depth: int) -> str | None:
    content = decompressed_head(stream, head)
    if content is None:
        return None
    whole = len(content) if len(content) < WINDOW else None
    found = find_pickle(BytesIO(content), whole, depth=depth + 1)
    return None if found is None else f"is compressed, and inside {found}"


def _in_archive(stream: BinaryIO, depth: int) -> str | None:
    with archive.open_archive(stream) as opened:
        for member in opened.infolist():
            with archive.open_member(opened, member) as content:
                found = find_pickle(content, member.file_size, depth=depth + 1)
            if found is not None:
                return f"holds {member.filename[:60]!r}, which {found}"
    return None
