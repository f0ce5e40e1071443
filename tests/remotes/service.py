"""A service of keys and bytes whose clock the test sets, and which the test can stop before any request that changes
something: for interleavings that no real server can be made to show at will."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from gitreg.storage.remote.driver import LARGEST, AbsentError, Entry, Listing, OversizeError

SECOND = 1_000_000_000


class Service:
    """A Driver.  Values are stamped with `now` (seconds); `before` is told of every request that changes something."""

    listing = Listing.PAGED

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.times: dict[str, int] = {}
        self.now = 1_000_000_000
        self.before: Callable[[str], None] = lambda _request: None

    def fill(self, values: Mapping[str, bytes]) -> None:
        """Have it hold these without a request."""
        for key, value in values.items():
            self._write(key, value)

    def describe(self) -> str:
        return "test://service"

    def get(self, key: str, most: int = LARGEST) -> bytes:
        if key not in self.values:
            raise AbsentError(f"nothing under {key}")
        if len(self.values[key]) > most:
            raise OversizeError(self.describe())
        return self.values[key]

    def put(self, key: str, data: bytes | memoryview) -> None:
        self.before("put")
        self._write(key, bytes(data))

    def head(self, key: str) -> Entry | None:
        return self._entry(key) if key in self.values else None

    def list(self, prefix: str, after: str = "") -> Iterator[Entry]:
        return iter([self._entry(key) for key in sorted(self.values) if key.startswith(f"{prefix}/") and key > after])

    def delete(self, keys: Iterable[str]) -> None:
        self.before("delete")
        for key in keys:
            self.values.pop(key, None)

    def copy(self, source: str, target: str) -> None:
        self.before("copy")
        self._write(target, self.get(source))

    def _write(self, key: str, data: bytes) -> None:
        self.values[key], self.times[key] = data, self.now

    def _entry(self, key: str) -> Entry:
        return Entry(key, len(self.values[key]), self.times[key] * SECOND)
