"""Keeps the shared checkouts within bounds: those used longest ago go first, those in use stay."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gitreg.core.text import escape
from gitreg.storage.cache import CHECKOUTS, recent_checkouts, remove_checkout
from gitreg.storage.os_failures import storage_failures
from gitreg.storage.unfinished import UNFINISHED, open_area

if TYPE_CHECKING:
    from pathlib import Path

    from gitreg.core.digest import Digest

# Who was given a checkout may still be opening its files; nobody can know for how long, an hour is generous.
IN_USE_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class CacheLimits:
    """At most so many bytes, unused for at most so many seconds; None is no limit.

    What was used within the last `spared_seconds` stays in any case.
    """

    max_bytes: int | None = None
    max_seconds: float | None = None
    spared_seconds: float = IN_USE_SECONDS


@dataclass(frozen=True, slots=True)
class CachedCheckout:
    """A checkout in the cache; `used` is when it was last asked for, in seconds since 1970."""

    manifest: Digest
    path: Path
    size: int
    files: int
    used: float


@dataclass(frozen=True, slots=True)
class PruneResult:
    """What pruning took away and left."""

    removed: tuple[CachedCheckout, ...]
    kept: tuple[CachedCheckout, ...]


def cached_checkouts(cache_root: Path, part: str = CHECKOUTS) -> list[CachedCheckout]:
    """All checkouts, finished or UNFINISHED, the one used last first.  One that is removed meanwhile is left out."""
    found = []
    for digest, place in recent_checkouts(cache_root, part):
        with suppress(FileNotFoundError), storage_failures("list the cache in", escape(str(cache_root))):
            used = place.stat().st_mtime
            sizes = [file.stat().st_size for file in place.rglob("*") if file.is_file()]
            found.append(CachedCheckout(digest, place, sum(sizes), len(sizes), used))
    return found


def prune(cache_root: Path, limits: CacheLimits) -> PruneResult:
    """Remove what is beyond the limits, least recently used first, but unfinished before finished.

    Raises StorageError.
    """
    removed, kept, total = [], [], 0
    now = time.time()
    with suppress(OSError):  # there may be no cache, or one that only its owner can tidy up
        open_area(cache_root / CHECKOUTS).close()
    for checkout in cached_checkouts(cache_root) + cached_checkouts(cache_root, UNFINISHED):
        idle = now - checkout.used
        too_old = limits.max_seconds is not None and idle > limits.max_seconds
        too_much = limits.max_bytes is not None and total + checkout.size > limits.max_bytes
        if (too_old or too_much) and idle >= limits.spared_seconds:
            with storage_failures("prune the cache in", escape(str(cache_root))):
                remove_checkout(checkout.path)
            removed.append(checkout)
        else:
            kept.append(checkout)
            total += checkout.size
    return PruneResult(tuple(removed), tuple(kept))
