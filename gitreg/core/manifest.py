"""The manifest: an artifact's files and the chunks their bytes were cut into, as one canonical text.

    gitreg-manifest 1
    cut RULE                               name of the cut rule: a-z, 0-9, '-', '.'
    files N
    SHA256 SIZE x|- PATH                   N lines; x if executable; hex in lowercase
    chunks M
    BLAKE3 LENGTH                          M lines, in stream order

UTF-8, each line ends in one LF, numbers are decimal without leading zeros.  Files of at least 1 MiB come first, by
path in byte order, then the smaller ones likewise; the chunks' lengths add up to the files' sizes.  There is one
text for each artifact, so its BLAKE3 is the artifact's identity.  Knows nothing of how bytes are cut or stored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from gitreg.core.artifact_path import check_paths
from gitreg.core.bulk import collector_paused
from gitreg.core.digest import Digest
from gitreg.core.limits import (
    MAX_ARTIFACT_BYTES,
    MAX_CHUNK_BYTES,
    MAX_CHUNKS,
    MAX_FILES,
    MAX_MANIFEST_BYTES,
    MIB,
)
from gitreg.core.text import escape
from gitreg.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

LARGE_FILE: Final = MIB

_MAGIC: Final = b"gitreg-manifest "
_VERSION: Final = b"1"
_NUMBER: Final = rb"(0|[1-9][0-9]{0,15})"
_CUT_LINE: Final = re.compile(rb"cut ([a-z0-9][a-z0-9.-]{0,31})\n")
_FILES_LINE: Final = re.compile(rb"files " + _NUMBER + rb"\n")
_FILE_LINE: Final = re.compile(r"^([0-9a-f]{64}) (0|[1-9][0-9]{0,15}) ([-x]) ([^\n]+)\n", re.MULTILINE)
_CHUNKS_LINE: Final = re.compile(rb"chunks " + _NUMBER + rb"\n")
_CHUNK_LINE: Final = re.compile(rb"([0-9a-f]{64}) " + _NUMBER + rb"\n")
# How much text is made or taken apart at a time, so that a large manifest is not in memory twice.
_BLOCK: Final = 4 * MIB
_LINES: Final = 32_768


class FileEntry(NamedTuple):
    """One file: POSIX path, size in bytes, the executable bit, and its SHA-256 in hex for other tools.

    A tuple, because an artifact may have a million of them.
    """

    path: str
    size: int
    executable: bool
    sha256: str


@dataclass(frozen=True, slots=True)
class ChunkEntry:
    """One piece of the artifact's byte stream: the object's name and its length in bytes."""

    digest: Digest
    length: int


@dataclass(frozen=True)
class Manifest:
    """An artifact's table of contents; files and chunks in canonical order."""

    files: tuple[FileEntry, ...]
    chunks: tuple[ChunkEntry, ...]
    cut_rule: str

    @cached_property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.size for entry in self.files)

    @cached_property
    def digest(self) -> Digest:
        """The artifact's identity.  Raises FormatError if the manifest is not canonical."""
        return Digest.of(format_manifest(self))


def canonical_key(path: str, size: int) -> tuple[bool, str]:
    """Sort key of a file; text compares by code point, which is the byte order of UTF-8."""
    return size < LARGE_FILE, path


def format_manifest(manifest: Manifest) -> bytes:
    """The canonical bytes.  Raises FormatError if the manifest breaks a rule of the format."""
    _check(manifest)
    blocks = [f"gitreg-manifest 1\ncut {manifest.cut_rule}\nfiles {len(manifest.files)}\n".encode()]
    for start in range(0, len(manifest.files), _LINES):
        files = manifest.files[start : start + _LINES]
        blocks.append(
            "".join([f"{f.sha256} {f.size} {'x' if f.executable else '-'} {f.path}\n" for f in files]).encode()
        )
    blocks.append(f"chunks {len(manifest.chunks)}\n".encode())
    blocks.append("".join([f"{chunk.digest.hex} {chunk.length}\n" for chunk in manifest.chunks]).encode())
    return b"".join(blocks)


def parse_manifest(data: bytes) -> Manifest:
    """Read canonical bytes, and nothing but those.  Raises FormatError."""
    if len(data) > MAX_MANIFEST_BYTES:
        raise _malformed(f"longer than {MAX_MANIFEST_BYTES} bytes")
    cut = _line(_CUT_LINE, data, _check_version(data))
    with collector_paused():
        count = _line(_FILES_LINE, data, cut.end())
        end = _files_end(data, count.end(), _bounded(count, MAX_FILES))
        files = _parse_files(data, count.end(), end)
        count = _line(_CHUNKS_LINE, data, end)
        chunks, end = _parse_chunks(data, count.end(), _bounded(count, MAX_CHUNKS))
        if end != len(data):
            raise _malformed("something follows its last line")
        manifest = Manifest(files, chunks, cut.group(1).decode())
        _check(manifest)
    return manifest


def parse_chunk_list(data: bytes) -> tuple[ChunkEntry, ...]:
    """The chunks alone, of canonical bytes whose digest vouches for the rest.  Raises FormatError."""
    start = data.find(b"\nchunks ") + 1
    count = _line(_CHUNKS_LINE, data, start)
    return _parse_chunks(data, count.end(), _bounded(count, MAX_CHUNKS))[0]


def _check_version(data: bytes) -> int:
    """Return where the second line starts."""
    end = data.find(b"\n", 0, 64)
    if end < 0 or not data.startswith(_MAGIC):
        raise _malformed("it does not start with 'gitreg-manifest'")
    version = data[len(_MAGIC) : end]
    if version != _VERSION:
        shown = escape(version.decode(errors="replace"))
        raise FormatError(
            f"manifest format '{shown}' is not known to this version of gitreg",
            hint="a newer gitreg wrote it; upgrade with: pip install --upgrade gitreg",
        )
    return end + 1


def _files_end(data: bytes, start: int, count: int) -> int:
    """Where the line `chunks M` starts: no line of a file can look like it.  Counts lines before any is parsed."""
    end = data.find(b"\nchunks ", start - 1) + 1
    if not end or data.count(b"\n", start, end) != count:
        raise _malformed(f"it does not list {count} files")
    return end


def _parse_files(data: bytes, start: int, end: int) -> tuple[FileEntry, ...]:
    files: list[FileEntry] = []
    while start < end:
        stop = data.find(b"\n", min(start + _BLOCK, end - 1), end) + 1
        files += _parse_block(data[start:stop], start)
        start = stop
    return tuple(files)


def _parse_block(block: bytes, position: int) -> list[FileEntry]:
    """Whole lines at once: each match is one line, so as many matches as lines means that every line matched."""
    try:
        text = block.decode()
    except UnicodeDecodeError as error:
        raise _malformed("a path is not UTF-8") from error
    rows = _FILE_LINE.findall(text)
    if len(rows) != text.count("\n"):
        line = next(line for line in text.splitlines(keepends=True) if _FILE_LINE.fullmatch(line) is None)
        raise _malformed(f"unexpected line after byte {position}: '{escape(line[:40].rstrip())}'")
    return [FileEntry(path, int(size), mode == "x", sha256) for sha256, size, mode, path in rows]


def _parse_chunks(data: bytes, position: int, count: int) -> tuple[tuple[ChunkEntry, ...], int]:
    chunks = []
    for _ in range(count):
        line = _line(_CHUNK_LINE, data, position)
        chunks.append(ChunkEntry(Digest(line.group(1).decode("ascii")), int(line.group(2))))
        position = line.end()
    return tuple(chunks), position


def _check(manifest: Manifest) -> None:
    """The rules that hold between lines; the form of each line is the parser's."""
    if not manifest.files:
        raise _malformed("it lists no files")
    if len(manifest.files) > MAX_FILES or len(manifest.chunks) > MAX_CHUNKS:
        raise _malformed("it lists more files or chunks than supported")
    paths = [entry.path for entry in manifest.files]
    _check_order(paths, [entry.size < LARGE_FILE for entry in manifest.files])
    check_paths(paths)
    if not all(0 < chunk.length <= MAX_CHUNK_BYTES for chunk in manifest.chunks):
        raise _malformed(f"a chunk is empty or longer than {MAX_CHUNK_BYTES} bytes")
    if manifest.size > MAX_ARTIFACT_BYTES or manifest.size != sum(chunk.length for chunk in manifest.chunks):
        raise _malformed("its chunks do not add up to its files")


def _check_order(paths: Sequence[str], are_small: Sequence[bool]) -> None:
    """Large files first, each part by path."""
    large = are_small.index(True) if True in are_small else len(paths)
    if not (all(are_small[large:]) and _ascending(paths[:large]) and _ascending(paths[large:])):
        raise _malformed("its files are not in canonical order")


def _ascending(paths: Sequence[str]) -> bool:
    return all(map(str.__lt__, paths, islice(paths, 1, None)))


def _line(pattern: re.Pattern[bytes], data: bytes, position: int) -> re.Match[bytes]:
    line = pattern.match(data, position)
    if line is None:
        shown = escape(data[position : position + 40].partition(b"\n")[0].decode(errors="replace"))
        raise _malformed(f"unexpected line at byte {position}: '{shown}'")
    return line


def _bounded(count: re.Match[bytes], limit: int) -> int:
    number = int(count.group(1))
    if number > limit:
        raise _malformed(f"it claims {number} entries, more than {limit}")
    return number


def _malformed(reason: str) -> FormatError:
    return FormatError(f"malformed manifest: {reason}", hint="fetch it again, or restore it from another store")
