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
    MIB,
)
from gitreg.core.manifest_text import Sections, chunk_rows, file_blocks, file_rows, malformed, sections

if TYPE_CHECKING:
    from collections.abc import Sequence

LARGE_FILE: Final = MIB

# How much text is made at a time, so that a large manifest is not in memory twice.
_LINES: Final = 32_768


class FileEntry(NamedTuple):
    """One file: POSIX path, size in bytes, the executable bit, and its SHA-256 in hex for other tools.

    A tuple, because an artifact may have a million of them.
    """

    path: str
    size: int
    executable: bool
    sha256: str


class ChunkEntry(NamedTuple):
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
    found = sections(data)
    with collector_paused():
        files: list[FileEntry] = []
        for block in file_blocks(data, found.files):
            files += parse_files(block)
        manifest = Manifest(tuple(files), parse_chunks(data, found), found.cut_rule)
        _check(manifest)
    return manifest


def parse_chunk_list(data: bytes) -> tuple[ChunkEntry, ...]:
    """The chunks alone, of canonical bytes whose digest vouches for the rest.  Raises FormatError."""
    return parse_chunks(data, sections(data))


def parse_files(block: bytes) -> list[FileEntry]:
    """The files of some lines.  Raises FormatError."""
    return [FileEntry(path, int(size), mode == "x", sha256) for sha256, size, mode, path in file_rows(block)]


def parse_chunks(data: bytes, found: Sections) -> tuple[ChunkEntry, ...]:
    """All chunks, none of them empty or too long.  Raises FormatError."""
    chunks = tuple([ChunkEntry(Digest(digest), length) for digest, length in chunk_rows(data, found)])
    _check_lengths(chunks)
    return chunks


def _check(manifest: Manifest) -> None:
    """The rules that hold between lines; the form of each line is the parser's."""
    if not manifest.files:
        raise malformed("it lists no files")
    if len(manifest.files) > MAX_FILES or len(manifest.chunks) > MAX_CHUNKS:
        raise malformed("it lists more files or chunks than supported")
    paths = [entry.path for entry in manifest.files]
    _check_order(paths, [entry.size < LARGE_FILE for entry in manifest.files])
    check_paths(paths)
    _check_lengths(manifest.chunks)
    if manifest.size > MAX_ARTIFACT_BYTES or manifest.size != sum(chunk.length for chunk in manifest.chunks):
        raise malformed("its chunks do not add up to its files")


def _check_lengths(chunks: Sequence[ChunkEntry]) -> None:
    if not all(0 < chunk.length <= MAX_CHUNK_BYTES for chunk in chunks):
        raise malformed(f"a chunk is empty or longer than {MAX_CHUNK_BYTES} bytes")


def _check_order(paths: Sequence[str], are_small: Sequence[bool]) -> None:
    """Large files first, each part by path."""
    large = are_small.index(True) if True in are_small else len(paths)
    if not (all(are_small[large:]) and _ascending(paths[:large]) and _ascending(paths[large:])):
        raise malformed("its files are not in canonical order")


def _ascending(paths: Sequence[str]) -> bool:
    return all(map(str.__lt__, paths, islice(paths, 1, None)))
