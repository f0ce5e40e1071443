"""One artifact from one store to another, with progress and an account of what it took."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum

from gitreg.core.digest import Digest
from gitreg.core.names import ModelName
from gitreg.operations.context import Context
from gitreg.operations.needed import needed_by
from gitreg.storage.store import ObjectStore
from gitreg.storage.transfer import copy_artifact


class Direction(Enum):
    """For the progress line."""

    PUSH = "push"
    FETCH = "fetch"


@dataclass(frozen=True, slots=True)
class Transfer:
    """What it took to have one artifact complete on the other side; `transferred` is in bytes."""

    model: ModelName
    manifest: Digest
    size: int
    files: int
    chunks: int
    new_chunks: int
    transferred: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Route:
    """From where to where."""

    direction: Direction
    source: ObjectStore
    target: ObjectStore


def transfer(context: Context, model: ModelName, manifest: Digest, route: Route) -> Transfer:
    """Copy what the target lacks.  Raises MissingObjectError, CorruptObjectError, StorageError."""
    started = time.monotonic()
    with context.step(f"{route.direction.value} {model}") as report, needed_by(model):
        stats = copy_artifact(manifest, route.source, route.target, report)
    return Transfer(
        model=model,
        manifest=manifest,
        size=stats.size,
        files=stats.files,
        chunks=stats.chunks,
        new_chunks=stats.new_chunks,
        transferred=stats.bytes,
        seconds=round(time.monotonic() - started, 3),
    )
