"""The cache of shared checkouts: what is in it, how much it may hold, and making room."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gitreg.core.digest import Digest
from gitreg.core.text import escape
from gitreg.errors import GitregError, UsageError
from gitreg.operations.context import Settings
from gitreg.storage.cache_prune import IN_USE_SECONDS, CachedCheckout, CacheLimits, cached_checkouts, prune
from gitreg.storage.local import LocalStore
from gitreg.storage.unfinished import UNFINISHED

MAX_SIZE = "GITREG_CACHE_MAX_SIZE"
MAX_AGE = "GITREG_CACHE_MAX_AGE"
DEFAULT_MAX_SIZE = 50 * 10**9

# A manifest of a million files takes some 60 MB.
_MOST_MANIFESTS = 64
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,3})?) ?([KMGT]?)(i?)B?", re.IGNORECASE)
_AGE = re.compile(r"([0-9]{1,6}) ?(minutes?|hours?|days?|weeks?|[mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """One checkout."""

    manifest: Digest
    path: Path
    size: int
    files: int
    used: datetime


@dataclass(frozen=True, slots=True)
class CacheInfo:
    """The cache and its bounds; `size` includes unfinished checkouts, `max_age` is in seconds, None without a bound."""

    path: Path
    size: int
    max_size: int
    max_age: int | None
    checkouts: tuple[CacheEntry, ...]


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed, and what is left, in bytes."""

    removed: tuple[CacheEntry, ...]
    freed: int
    kept: int
    size: int


@dataclass(frozen=True, slots=True)
class PruneRequest:
    """Bounds in place of the usual ones; `in_use` lets checkouts go that were used within the last hour."""

    max_size: int | None = None
    max_age: timedelta | None = None
    in_use: bool = False


def parse_size(text: str) -> int:
    """`50GB`, `20 GiB`, `1000000`: bytes.  Raises UsageError."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"not a size: '{escape(text[:40])}'", hint="for example 50GB, 20GiB or a number of bytes")
    number, letter, binary = found.groups()
    return int(float(number) * (1024 if binary else 1000) ** " KMGT".index(letter.upper() or " "))


def parse_age(text: str) -> timedelta:
    """`30 days`, `12 hours`, `1h`.  Raises UsageError."""
    found = _AGE.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"not an age: '{escape(text[:40])}'", hint="for example '30 days' or '12 hours'")
    return timedelta(**{_UNITS[found.group(2)[0]]: int(found.group(1))})


def cache_info(settings: Settings) -> CacheInfo:
    """What is in the cache, used last first.  Raises UsageError if a bound is malformed."""
    size, age = _bounds(settings)
    entries = tuple(map(_entry, cached_checkouts(settings.cache)))
    seconds = int(age.total_seconds()) if age is not None else None
    unfinished = sum(each.size for each in cached_checkouts(settings.cache, UNFINISHED))
    taken = sum(entry.size for entry in entries) + unfinished
    return CacheInfo(settings.cache, taken, size, seconds, entries)


def prune_cache(settings: Settings, request: PruneRequest) -> Pruned:
    """Remove what is beyond the bounds, least recently used first.  Raises StorageError, UsageError."""
    size, age = _bounds(settings)
    age = request.max_age if request.max_age is not None else age
    limits = CacheLimits(
        max_bytes=request.max_size if request.max_size is not None else size,
        max_seconds=age.total_seconds() if age is not None else None,
        spared_seconds=0 if request.in_use else IN_USE_SECONDS,
    )
    done = prune(settings.cache, limits)
    forgotten = recent_manifests(settings)[_MOST_MANIFESTS:]
    if forgotten:
        LocalStore.open(manifests_in(settings.cache)).remove(forgotten)
    freed, left = (sum(each.size for each in part) for part in (done.removed, done.kept))
    return Pruned(tuple(map(_entry, done.removed)), freed, len(done.kept), left)


def manifests_in(cache: Path) -> Path:
    """Where the manifests of what was pulled are kept: by them, later versions find chunks in files that are here."""
    return cache / "manifests"


def recent_manifests(settings: Settings) -> list[Digest]:
    """Those kept, the one used last first."""
    found = []
    for file in manifests_in(settings.cache).glob("objects/*/*"):
        with suppress(GitregError, OSError):
            found.append((file.stat().st_mtime_ns, Digest.from_hex(file.name)))
    return [digest for _, digest in sorted(found, reverse=True)]


def _bounds(settings: Settings) -> tuple[int, timedelta | None]:
    size, age = settings.environ.get(MAX_SIZE), settings.environ.get(MAX_AGE)
    return parse_size(size) if size else DEFAULT_MAX_SIZE, parse_age(age) if age else None


def _entry(checkout: CachedCheckout) -> CacheEntry:
    used = datetime.fromtimestamp(int(checkout.used), UTC)
    return CacheEntry(checkout.manifest, checkout.path, checkout.size, checkout.files, used)
