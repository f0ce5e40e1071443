"""Some of an artifact's files and their places in its stream, found without taking in all the others.

An excerpt of a text is the excerpt of the manifest that the text is: the form of every line is checked, and of the
rules between lines those that concern what was asked for.  The others were for whoever wrote the manifest, and the
digest that led here says that it has not changed since.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import TYPE_CHECKING, NamedTuple

from gitreg.core.artifact_path import check_paths
from gitreg.core.bulk import collector_paused
from gitreg.core.limits import MAX_ARTIFACT_BYTES
from gitreg.core.manifest import ChunkEntry, FileEntry, Manifest, parse_chunks, parse_files
from gitreg.core.manifest_text import file_blocks, file_sizes, malformed, sections
from gitreg.core.text import escape
from gitreg.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence


class PlacedFile(NamedTuple):
    """A file, and where its first byte is in the artifact's stream."""

    file: FileEntry
    start: int


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Files in stream order, not necessarily all of them, and all chunks of the artifact."""

    files: tuple[PlacedFile, ...]
    chunks: tuple[ChunkEntry, ...]

    @property
    def size(self) -> int:
        """Bytes of these files."""
        return sum(placed.file.size for placed in self.files)

    def without(self, paths: Collection[str]) -> Excerpt:
        """The other files."""
        return Excerpt(tuple([placed for placed in self.files if placed.file.path not in paths]), self.chunks)


def excerpt_of(manifest: Manifest, patterns: Sequence[str] = ()) -> Excerpt:
    """The files that match one of the patterns: shell globs over whole paths, where '*' crosses '/'; none means all.

    Raises NotFoundError if a pattern matches nothing.
    """
    starts = accumulate(chain((0,), (file.size for file in manifest.files)))
    files = map(PlacedFile, manifest.files, starts)
    if not patterns:
        return Excerpt(tuple(files), manifest.chunks)
    matches = _matcher(patterns)
    chosen = tuple([placed for placed in files if matches(placed.file.path)])
    _check_each_matched(patterns, chosen)
    return Excerpt(chosen, manifest.chunks)


def parse_excerpt(data: bytes, patterns: Sequence[str]) -> Excerpt:
    """`excerpt_of` the manifest with these bytes, in a quarter of the time.  Raises FormatError, NotFoundError."""
    found = sections(data)
    matches = _matcher(patterns)
    needles = [_needle(pattern) for pattern in patterns]
    chosen: list[PlacedFile] = []
    position = 0
    with collector_paused():
        for block in file_blocks(data, found.files):
            if any(needle in block for needle in needles):
                chosen += _placed(parse_files(block), position, matches)
            position += sum(file_sizes(block))
        chunks = parse_chunks(data, found)
    if position > MAX_ARTIFACT_BYTES or position != sum(chunk.length for chunk in chunks):
        raise malformed("its chunks do not add up to its files")
    check_paths([placed.file.path for placed in chosen])
    _check_each_matched(patterns, chosen)
    return Excerpt(tuple(chosen), chunks)


def _placed(files: Sequence[FileEntry], position: int, matches: Callable[[str], object]) -> list[PlacedFile]:
    starts = accumulate(chain((position,), (file.size for file in files)))
    return [placed for placed in map(PlacedFile, files, starts) if matches(placed.file.path)]


def _matcher(patterns: Sequence[str]) -> Callable[[str], object]:
    return re.compile("|".join([f"(?:{fnmatch.translate(pattern)})" for pattern in patterns])).match


def _needle(pattern: str) -> bytes:
    """Bytes that every path has that the pattern matches: the longest text between wildcards, up to the first set."""
    return max(re.split("[*?]", pattern.partition("[")[0]), key=len).encode(errors="surrogatepass")


def _check_each_matched(patterns: Sequence[str], chosen: Sequence[PlacedFile]) -> None:
    for pattern in patterns:
        matches = _matcher((pattern,))
        if not any(matches(placed.file.path) for placed in chosen):
            raise NotFoundError(
                f"no file matches '{escape(pattern)}'", hint="list the files with: gitreg show REF --all"
            )
