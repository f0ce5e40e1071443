"""A driver over a driver that does something about each request, such as asking again.  Knows nothing of services."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, TypeVar

from gitreg.errors import StorageError
from gitreg.storage.remote.driver import LARGEST, Signing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import timedelta

    from gitreg.storage.remote.driver import Driver, Entry

T = TypeVar("T")


class Wrapping(ABC):
    """The Driver that runs each request of another one through `run`; listings, which are many requests, pass."""

    def __init__(self, inner: Driver) -> None:
        self.inner = inner
        self.listing = inner.listing

    @abstractmethod
    def run(self, request: Callable[[], T]) -> T:
        """Do the request, and what this driver is for."""

    def describe(self) -> str:
        return self.inner.describe()

    def get(self, key: str, most: int = LARGEST) -> bytes:
        return self.run(lambda: self.inner.get(key, most))

    def put(self, key: str, data: bytes | memoryview) -> None:
        self.run(lambda: self.inner.put(key, data))

    def head(self, key: str) -> Entry | None:
        return self.run(lambda: self.inner.head(key))

    def list(self, prefix: str, after: str = "") -> Iterator[Entry]:
        return self.inner.list(prefix, after)

    def delete(self, keys: Iterable[str]) -> None:
        names = list(keys)
        self.run(lambda: self.inner.delete(names))

    def copy(self, source: str, target: str) -> None:
        self.run(lambda: self.inner.copy(source, target))

    def sign(self, key: str, lifetime: timedelta) -> str:
        """As Signing has it."""
        if not isinstance(self.inner, Signing):
            raise StorageError(f"{self.describe()} has no links to hand out")
        return self.inner.sign(key, lifetime)
