"""A service in memory that counts what it is asked, page by page."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator

from gitreg.storage.remote.driver import LARGEST, PAGE, AbsentError, Entry, Listing, OversizeError


class CountedDriver:
    """The Driver over a dict; `requests` counts by kind."""

    def __init__(self, listing: Listing = Listing.SEEKABLE) -> None:
        self.listing = listing
        self.values: dict[str, bytes] = {}
        self.requests: Counter[str] = Counter()
        self._lock = threading.Lock()

    def describe(self) -> str:
        return "counted"

    def count(self, kind: str) -> None:
        with self._lock:
            self.requests[kind] += 1

    def get(self, key: str, most: int = LARGEST) -> bytes:
        self.count("GET")
        if key not in self.values:
            raise AbsentError(f"no {key}")
        if len(self.values[key]) > most:
            raise OversizeError(self.describe())
        return self.values[key]

    def put(self, key: str, data: bytes | memoryview) -> None:
        self.count("PUT")
        self.values[key] = bytes(data)

    def head(self, key: str) -> Entry | None:
        self.count("HEAD")
        return Entry(key, len(self.values[key]), 0) if key in self.values else None

    def list(self, prefix: str, after: str = "") -> Iterator[Entry]:
        keys = sorted(key for key in self.values if key.startswith(f"{prefix}/") and key > after)
        for start in range(0, max(len(keys), 1), PAGE):
            self.count("LIST")
            for key in keys[start : start + PAGE]:
                yield Entry(key, len(self.values[key]), 0)

    def delete(self, keys) -> None:
        self.count("DELETE")
        for key in keys:
            self.values.pop(key, None)

    def copy(self, source: str, target: str) -> None:
        self.put(target, self.get(source))
