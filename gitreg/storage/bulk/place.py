"""Where a store is, as a value that can be sent to another machine; opened once in each process and run."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from gitreg.storage.open_store import open_store
from gitreg.storage.store import DEFAULT_JOBS

if TYPE_CHECKING:
    from gitreg.storage.local import LocalStore
    from gitreg.storage.remote.sealing.ring import Seal
    from gitreg.storage.remote.store import RemoteStore


def _new_run() -> str:
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class Place:
    """A store's URL, and the options and keys of whoever opens it, which may be secrets and are never shown."""

    url: str
    options: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    seal: Seal | None = field(default=None, repr=False)
    jobs: int = DEFAULT_JOBS
    # A cluster's workers outlive a run, and a store remembers what it has seen: the next run may not believe that.
    run: str = field(default_factory=_new_run, repr=False)

    def open(self) -> LocalStore | RemoteStore:
        """The store; the same one for all work of this run in this process.  Raises StorageError."""
        return _opened(self)

    def open_anew(self) -> LocalStore | RemoteStore:
        """The store, with nothing remembered of what was in it.  Raises StorageError."""
        return open_store(self.url, dict(self.options), self.jobs, self.seal)


@lru_cache(maxsize=4)
def _opened(place: Place) -> LocalStore | RemoteStore:
    return place.open_anew()
