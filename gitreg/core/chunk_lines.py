"""A manifest's lines of chunks as they stand, for who compares thousands of manifests that are nearly the same."""

from __future__ import annotations

import re
from typing import Final

from gitreg.core.digest import Digest
from gitreg.core.manifest import ChunkEntry
from gitreg.errors import FormatError

_HEAD: Final = b"gitreg-manifest 1\n"
_CHUNKS: Final = re.compile(rb"\nchunks (0|[1-9][0-9]{0,15})\n")
_LINE: Final = re.compile(rb"([0-9a-f]{64}) ([1-9][0-9]{0,15})")


def chunk_lines(text: bytes) -> list[bytes]:
    """The lines of the chunk list.  Raises FormatError if the format is not known.

    The caller has compared the text with its digest: what is strange about it is its format, not damage.
    """
    # No line of a file can look like the count of chunks: those start with a SHA-256.
    count = _CHUNKS.match(text, max(0, text.find(b"\nchunks ")))
    if not text.startswith(_HEAD) or count is None:
        raise FormatError("a manifest is of an unknown format", hint="upgrade with: pip install --upgrade gitreg")
    lines = text[count.end() :].split(b"\n")
    if len(lines) != int(count.group(1)) + 1 or lines.pop():
        raise FormatError("malformed manifest: it does not list as many chunks as it claims")
    return lines


def chunk_of(line: bytes) -> ChunkEntry:
    """The chunk of one such line.  Raises FormatError."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise FormatError("malformed manifest: a line of its chunk list has another form")
    return ChunkEntry(Digest(match.group(1).decode("ascii")), int(match.group(2)))
