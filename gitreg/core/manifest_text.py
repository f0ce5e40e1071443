"""The lines of a manifest's text: where its parts begin, and the form of each line, looked at many at a time.

Knows nothing of the rules that hold between lines.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from gitreg.core.limits import MAX_CHUNKS, MAX_FILES, MAX_MANIFEST_BYTES, MIB
from gitreg.core.text import escape
from gitreg.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAGIC: Final = b"gitreg-manifest "
_VERSION: Final = b"1"
_NUMBER: Final = "(0|[1-9][0-9]{0,15})"
_CUT_LINE: Final = re.compile(rb"cut ([a-z0-9][a-z0-9.-]{0,31})\n")
_FILES_LINE: Final = re.compile(rb"files " + _NUMBER.encode() + rb"\n")
_FILE_LINE: Final = re.compile(rf"^([0-9a-f]{{64}}) {_NUMBER} ([-x]) ([^\n]+)\n", re.MULTILINE)
# The same lines, for their sizes alone.  Most of the time goes into looking for hex digits, which is done apart.
_SIZE: Final = re.compile(rb"^.{64} (?!0[0-9])([0-9]{1,16}) [-x] .+\n", re.MULTILINE)
_HEX_TO_ZEROS: Final = bytes.maketrans(b"123456789abcdef", b"0" * 15)
_LINE_START: Final = b"\n" + b"0" * 64 + b" "
_CHUNKS_LINE: Final = re.compile(rb"chunks " + _NUMBER.encode() + rb"\n")
_CHUNK_LINE: Final = re.compile(rb"([0-9a-f]{64}) " + _NUMBER.encode() + rb"\n")
# How much text is taken apart at a time, so that a large manifest is not in memory twice.
_BLOCK: Final = 4 * MIB


class Sections(NamedTuple):
    """What a text's headings say, and where the lines of files and of chunks are."""

    cut_rule: str
    files: range
    file_count: int
    chunks: range
    chunk_count: int


def sections(data: bytes) -> Sections:
    """Take the text apart at its headings; counts lines before any is parsed.  Raises FormatError."""
    if len(data) > MAX_MANIFEST_BYTES:
        raise malformed(f"longer than {MAX_MANIFEST_BYTES} bytes")
    cut = _line(_CUT_LINE, data, _check_version(data))
    files = _line(_FILES_LINE, data, cut.end())
    file_count = _bounded(files, MAX_FILES)
    end = _files_end(data, files.end(), file_count)
    chunks = _line(_CHUNKS_LINE, data, end)
    chunk_count = _bounded(chunks, MAX_CHUNKS)
    rule, rows = cut.group(1).decode(), range(chunks.end(), len(data))
    return Sections(rule, range(files.end(), end), file_count, rows, chunk_count)


def file_blocks(data: bytes, lines: range) -> Iterator[bytes]:
    """The lines of files, a few megabytes at a time."""
    start, end = lines.start, lines.stop
    while start < end:
        stop = data.find(b"\n", min(start + _BLOCK, end - 1), end) + 1
        yield data[start:stop]
        start = stop


def file_rows(block: bytes) -> list[tuple[str, str, str, str]]:
    """SHA-256, size, mode and path of each line.  Raises FormatError."""
    text = _decoded(block)
    rows = _FILE_LINE.findall(text)
    # Each match is one line, so as many matches as lines means that every line matched.
    if len(rows) != text.count("\n"):
        line = next(line for line in text.splitlines(keepends=True) if _FILE_LINE.fullmatch(line) is None)
        raise malformed(f"unexpected line: '{escape(line[:40].rstrip())}'")
    return rows


def file_sizes(block: bytes) -> list[int]:
    """The size on each line; the form of all is checked as `file_rows` does, in half the time.  Raises FormatError."""
    found = _SIZE.findall(block)
    starts = (b"\n" + block).translate(_HEX_TO_ZEROS).count(_LINE_START)
    if not len(found) == starts == block.count(b"\n"):
        return [int(size) for _, size, _, _ in file_rows(block)]
    _decoded(block)
    return list(map(int, found))


def chunk_rows(data: bytes, found: Sections) -> Iterator[tuple[str, int]]:
    """BLAKE3 and length of each chunk, up to the end of the text.  Raises FormatError."""
    position = found.chunks.start
    for _ in range(found.chunk_count):
        line = _line(_CHUNK_LINE, data, position)
        yield line.group(1).decode("ascii"), int(line.group(2))
        position = line.end()
    if position != found.chunks.stop:
        raise malformed("something follows its last line")


def malformed(reason: str) -> FormatError:
    """The one error for all that is wrong with a manifest."""
    return FormatError(f"malformed manifest: {reason}", hint="fetch it again, or restore it from another store")


def _check_version(data: bytes) -> int:
    """Return where the second line starts."""
    end = data.find(b"\n", 0, 64)
    if end < 0 or not data.startswith(_MAGIC):
        raise malformed("it does not start with 'gitreg-manifest'")
    version = data[len(_MAGIC) : end]
    if version != _VERSION:
        shown = escape(version.decode(errors="replace"))
        raise FormatError(
            f"manifest format '{shown}' is not known to this version of gitreg",
            hint="a newer gitreg wrote it; upgrade with: pip install --upgrade gitreg",
        )
    return end + 1


def _files_end(data: bytes, start: int, count: int) -> int:
    """Where the line `chunks M` starts: no line of a file can look like it."""
    end = data.find(b"\nchunks ", start - 1) + 1
    if not end or data.count(b"\n", start, end) != count:
        raise malformed(f"it does not list {count} files")
    return end


def _decoded(block: bytes) -> str:
    try:
        return block.decode()
    except UnicodeDecodeError as error:
        raise malformed("a path is not UTF-8") from error


def _line(pattern: re.Pattern[bytes], data: bytes, position: int) -> re.Match[bytes]:
    line = pattern.match(data, position)
    if line is None:
        shown = escape(data[position : position + 40].partition(b"\n")[0].decode(errors="replace"))
        raise malformed(f"unexpected line at byte {position}: '{shown}'")
    return line


def _bounded(count: re.Match[bytes], limit: int) -> int:
    number = int(count.group(1))
    if number > limit:
        raise malformed(f"it claims {number} entries, more than {limit}")
    return number
