"""A service that counts what it is asked, page by page."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator

from gitreg.storage.remote.driver import LARGEST, PAGE, Entry, Listing
from tests.remotes.service import Service


class CountedDriver(Service):
    """`requests` counts by kind; a copy is a GET and a PUT."""

    def __init__(self, listing: Listing = Listing.SEEKABLE) -> None:
        super().__init__()
        self.listing = listing
        self.requests: Counter[str] = Counter()
        self._lock = threading.Lock()

    def count(self, kind: str) -> None:
        with self._lock:
            self.requests[kind] += 1

    def get(self, key: str, most: int = LARGEST) -> bytes:
        self.count("GET")
        return super().get(key, most)

    def put(self, key: str, data: bytes | memoryview) -> None:
        self.count("PUT")
        super().put(key, data)

    def head(self, key: str) -> Entry | None:
        self.count("HEAD")
        return super().head(key)

    def list(self, prefix: str, after: str = "") -> Iterator[Entry]:
        entries = [*super().list(prefix, after)]
        for start in range(0, max(len(entries), 1), PAGE):
            self.count("LIST")
            yield from entries[start : start + PAGE]

    def delete(self, keys: Iterable[str]) -> None:
        self.count("DELETE")
        super().delete(keys)

    def copy(self, source: str, target: str) -> None:
        self.put(target, self.get(source))
