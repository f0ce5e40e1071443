"""Path: a verified, read-only checkout in the shared cache, for serving hosts and scripts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gitreg.core.digest import Digest
from gitreg.core.names import ModelName
from gitreg.core.reference import Reference
from gitreg.core.version import Version
from gitreg.operations.checkouts import shared_checkout
from gitreg.operations.context import Context
from gitreg.operations.given_up import explaining
from gitreg.operations.needed import needed_by
from gitreg.operations.resolve import FoundVersion, find


@dataclass(frozen=True, slots=True)
class PathResult:
    """Where the files of a version are."""

    model: ModelName
    version: Version | None
    manifest: Digest
    path: Path
    verified: bool


def path(context: Context, reference: Reference, *, paranoid: bool = False) -> PathResult:
    """The checkout's path, fetching if needed; `paranoid` hashes all of it again.

    Raises NotFoundError, VerificationError, StorageError.
    """
    found = find(context, reference)
    name = found.pointer.name
    with explaining(context, found), needed_by(name), context.step(f"checkout {name}") as report:
        place = shared_checkout(context, found.pointer.manifest, paranoid=paranoid, on_progress=report)
    signed = isinstance(found, FoundVersion)
    version = found.version if isinstance(found, FoundVersion) else None
    return PathResult(name, version, found.pointer.manifest, place, signed)
