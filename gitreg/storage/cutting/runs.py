"""Groups an artifact's files into spans: each large file alone, small ones in runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from zlib import crc32

from gitreg.core.manifest import LARGE_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitreg.storage.source import SourceFile

_FILES_PER_RUN: Final = 4096
_DIRECTORIES_PER_RUN: Final = 64


def spans(files: Iterable[SourceFile]) -> Iterator[list[SourceFile]]:
    """Split files in canonical order; each span starts with a cut.

    Whether a small file starts a run depends on its path and its neighbour's directory alone: a file added or
    removed moves no other run's start, and a tree of a million small directories does not become a million runs.
    """
    run: list[SourceFile] = []
    for file in files:
        if file.size >= LARGE_FILE:
            yield [file]
            continue
        if run and _starts_run(file.path, run[-1].path):
            yield run
            run = []
        run.append(file)
    if run:
        yield run


def _starts_run(path: str, before: str) -> bool:
    if crc32(path.encode()) % _FILES_PER_RUN == 0:
        return True
    directory = path.rpartition("/")[0]
    return directory != before.rpartition("/")[0] and crc32(directory.encode()) % _DIRECTORIES_PER_RUN == 0
