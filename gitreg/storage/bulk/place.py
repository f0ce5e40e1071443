"""Where a store is, as a value that can be sent to another machine; opened once in each process."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from gitreg.storage.open_store import open_store

if TYPE_CHECKING:
    from gitreg.storage.remote.sealing.ring import Seal
    from gitreg.storage.store import ObjectStore


@dataclass(frozen=True, slots=True)
class Place:
    """A store's URL, and the options and keys of whoever opens it, which may be secrets and are never shown."""

    url: str
    options: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    seal: Seal | None = field(default=None, repr=False)

    def open(self) -> ObjectStore:
        """The store; the same one for all work in this process.  Raises StorageError."""
        return _opened(self)


@lru_cache(maxsize=8)
def _opened(place: Place) -> ObjectStore:
    return open_store(place.url, dict(place.options), seal=place.seal)
