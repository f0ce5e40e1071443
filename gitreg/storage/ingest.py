"""Adding files: one pass over their bytes gives the manifest and, if a store is given, fills it.

Spans (a large file, or a run of small ones) are worked on side by side; what happens to one is span_work's.
"""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from gitreg.core.digest import Digest
from gitreg.core.manifest import FileEntry, Manifest, format_manifest
from gitreg.errors import GitregError, StorageError
from gitreg.storage.chunk_sink import ChunkSink
from gitreg.storage.crew import crew, result_of
from gitreg.storage.cutting.rule import CUT_RULE
from gitreg.storage.cutting.runs import spans
from gitreg.storage.progress import OnProgress, Progress
from gitreg.storage.source import Source, SourceFile, list_source
from gitreg.storage.span_work import Equipment, SpanResult, SpanWork
from gitreg.storage.verified import write_manifest_text
from gitreg.storage.windows import WindowPool

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gitreg.storage.store import ObjectStore

_MOST_READERS: Final = 4


class IngestResult(NamedTuple):
    """What was added, and its manifest's text: `new_chunks` and `new_bytes` were not in the store before."""

    manifest: Manifest
    text: bytes
    digest: Digest
    new_chunks: int
    new_bytes: int


def ingest(path: Path, store: ObjectStore | None, on_progress: OnProgress | None = None) -> IngestResult:
    """Hash a file or directory into the store, or only hash it if there is none.

    Raises SourceError if it cannot be read or changes meanwhile: then no manifest was written.
    """
    return ingest_listed(list_source(path, time.time_ns()), store, on_progress)


def ingest_listed(source: Source, store: ObjectStore | None, on_progress: OnProgress | None = None) -> IngestResult:
    """As `ingest`, for files already listed."""
    sink = ChunkSink(store, Progress(source.size, on_progress))
    try:
        results = _work_on(list(spans(source.files)), sink, store.at_once if store else 0)
    except GitregError:
        _keep_what_is_done(store)
        raise
    sha256s = (sha256 for result in results for sha256 in result.sha256s)
    manifest = Manifest(
        files=tuple(_entry(file, sha256) for file, sha256 in zip(source.files, sha256s, strict=True)),
        chunks=tuple(chunk for result in results for chunk in result.chunks),
        cut_rule=CUT_RULE,
    )
    text = format_manifest(manifest)
    if store is not None:
        store.flush()
        write_manifest_text(store, text)
    return IngestResult(manifest, text, Digest.of(text), sink.new_chunks, sink.new_bytes)


def _keep_what_is_done(store: ObjectStore | None) -> None:
    """Complete the chunks already written, so that the next attempt need not write them again."""
    if store is not None:
        with suppress(StorageError):
            store.flush()


def _entry(file: SourceFile, sha256: str) -> FileEntry:
    return FileEntry(file.path, file.size, file.fingerprint.executable, sha256)


def _work_on(work: list[list[SourceFile]], sink: ChunkSink, waiting: int) -> list[SpanResult]:
    """All spans' results, in order; the first failure stops the others at their next window.

    `waiting`: so many helpers beyond one a core, because they wait for a disk or a service.
    """
    cores = os.cpu_count() or 1
    readers = min(cores, _MOST_READERS, len(work))
    stop = threading.Event()
    # SHA-256 has threads of its own: behind chunks it would wait, and what is serial sets the time of a large file
    with crew(cores + waiting) as helpers, crew(readers) as hashers, crew(readers) as pool:
        shared = Equipment(WindowPool(2 * readers), helpers, hashers, sink, stop)
        try:
            return _results([pool.submit(_run, files, shared) for files in work])
        finally:
            stop.set()


def _run(files: list[SourceFile], shared: Equipment) -> SpanResult:
    return SpanWork(files, shared).run()


def _results(futures: Iterable[Future[SpanResult]]) -> list[SpanResult]:
    return [result_of(future) for future in futures]
