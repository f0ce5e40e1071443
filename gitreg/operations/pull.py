"""Pull: verify the facts, fetch what is missing, verify the bytes, put the files in place."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from gitreg.core.digest import Digest
from gitreg.core.excerpt import Excerpt
from gitreg.core.names import ModelName
from gitreg.core.reference import Reference
from gitreg.core.text import escape
from gitreg.core.version import Version
from gitreg.errors import GitregError, UsageError
from gitreg.operations.checkouts import Wanted, cached_excerpt, holders, reusing
from gitreg.operations.context import Context
from gitreg.operations.given_up import explaining
from gitreg.operations.needed import needed_by
from gitreg.operations.pointers import artifact_place, read_pointer
from gitreg.operations.resolve import Draft, FoundVersion, find
from gitreg.operations.stores import reading_store
from gitreg.storage.checkout import Existing, materialise
from gitreg.storage.layered import LayeredStore


@dataclass(frozen=True, slots=True)
class PullResult:
    """Files in place under `path`; `verified` is False for a pointer that nobody has signed (its bytes still are).

    `transferred` bytes came from the shared store; `reused` ones were taken from older files instead.
    """

    model: ModelName
    version: Version | None
    manifest: Digest
    size: int
    files: int
    chunks: int
    new_chunks: int
    transferred: int
    reused: int
    seconds: float
    path: Path
    verified: bool


@dataclass(frozen=True, slots=True)
class PullRequest:
    """Where the files go (None: beside the pointer), which of them, and what to do with others in their places."""

    output: Path | None = None
    patterns: tuple[str, ...] = ()
    existing: Existing = Existing.REFUSE


def pull(context: Context, reference: Reference, request: PullRequest) -> PullResult:
    """Materialise a version.  Raises NotFoundError, VerificationError, StorageError, RefusedError."""
    started = time.monotonic()
    found = find(context, reference)
    destination = request.output or _usual_place(context, found)
    store = reading_store(context)
    with (
        explaining(context, found),
        needed_by(found.pointer.name),
        context.step(f"pull {found.pointer.name}") as report,
    ):
        excerpt = cached_excerpt(context, found.pointer.manifest, store, request.patterns)
        wanted = Wanted(excerpt, destination)
        with reusing(context, wanted, store) as source:
            done = materialise(
                excerpt,
                source,
                destination,
                existing=request.existing,
                holders=holders(context, wanted),
                on_progress=report,
            )
    far = store if isinstance(store, LayeredStore) else None
    return PullResult(
        model=found.pointer.name,
        version=found.version if isinstance(found, FoundVersion) else None,
        manifest=found.pointer.manifest,
        size=done.bytes,
        files=done.files,
        chunks=len(excerpt.chunks),
        new_chunks=far.far_objects if far else 0,
        transferred=far.far_bytes if far else 0,
        reused=source.reused_bytes + done.cloned,
        seconds=round(time.monotonic() - started, 3),
        path=_shown_place(destination, found, excerpt),
        verified=isinstance(found, FoundVersion),
    )


def _usual_place(context: Context, found: FoundVersion | Draft) -> Path:
    """Beside the pointer, but only if that is where exactly these bytes belong now."""
    pointer_file = context.repo.work_tree / found.pointer_path
    try:
        belongs = read_pointer(pointer_file).manifest == found.pointer.manifest
    except GitregError:
        belongs = False
    if not belongs:
        label = f"{found.model}@{found.version}" if isinstance(found, FoundVersion) else found.pointer_path
        raise UsageError(
            f"the working tree's {escape(found.pointer_path)} is not {label}", hint="say where the files go: -o DIR"
        )
    place = artifact_place(pointer_file, found.pointer)
    return place.parent if found.pointer.path else place


def _shown_place(destination: Path, found: FoundVersion | Draft, excerpt: Excerpt) -> Path:
    return destination / excerpt.files[0].file.path if found.pointer.path else destination
