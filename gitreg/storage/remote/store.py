"""The set of objects that a driver holds.  Knows the layout and what absence means; nothing of services."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from gitreg.storage.layout import FORMAT_FILE, FORMAT_TEXT, OBJECTS, check_format, no_store
from gitreg.storage.remote.driver import AbsentError
from gitreg.storage.store import MissingObjectError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from gitreg.core.digest import Digest
    from gitreg.storage.remote.codec import Codec
    from gitreg.storage.remote.driver import Driver, Entry

_REQUESTS_AT_ONCE: Final = 16


class RemoteStore:
    """The ObjectStore that a driver holds; made by `open` or `create`."""

    def __init__(self, driver: Driver, codec: Codec) -> None:
        """Take them as they are, without asking whether there is a store; use `open` or `create`."""
        self.driver = driver
        self.codec = codec

    @classmethod
    def open(cls, driver: Driver, codec: Codec) -> RemoteStore:
        """Open a store that exists.  Raises StorageError if there is none, FormatError if its layout is unknown."""
        try:
            text = driver.get(FORMAT_FILE)
        except AbsentError as error:
            raise no_store(driver.describe()) from error
        check_format(text, driver.describe())
        return cls(driver, codec)

    @classmethod
    def create(cls, driver: Driver, codec: Codec) -> RemoteStore:
        """Make the layout where it is not there yet, and open it."""
        if driver.head(FORMAT_FILE) is None:
            driver.put(FORMAT_FILE, FORMAT_TEXT)
        return cls.open(driver, codec)

    def describe(self) -> str:
        return self.driver.describe()

    def present(self, digests: Collection[Digest]) -> set[Digest]:
        return set(self.lengths(digests))

    def lengths(self, digests: Collection[Digest]) -> dict[Digest, int | None]:
        """Those of the objects that are there, with their sizes."""
        keys = {self.codec.key(digest): digest for digest in digests}
        if len(keys) == 1:  # the usual question while adding; not worth threads
            found: Iterable[Entry | None] = map(self.driver.head, keys)
            return self._lengths(found, keys)
        directories = {key.rpartition("/")[0] for key in keys}
        with ThreadPoolExecutor(_REQUESTS_AT_ONCE) as pool:
            if len(keys) <= len(directories):
                return self._lengths(pool.map(self.driver.head, keys), keys)
            pages = pool.map(lambda directory: list(self.driver.list(directory)), sorted(directories))
            return self._lengths((entry for page in pages for entry in page), keys)

    def read(self, digest: Digest) -> bytes:
        try:
            return self.codec.decode(digest, self.driver.get(self.codec.key(digest)))
        except AbsentError as error:
            raise MissingObjectError(digest, self.describe()) from error

    def write(self, digest: Digest, data: bytes | memoryview) -> None:
        self.driver.put(self.codec.key(digest), self.codec.encode(digest, data))

    def flush(self) -> None:
        """Nothing to do: an upload returns once the service has the object for good."""

    def names(self, part: str = "") -> Iterator[Digest]:
        for entry in self.driver.list(f"{OBJECTS}/{part}".rstrip("/")):
            digest = self.codec.digest(entry.key)
            if digest is not None:
                yield digest

    def remove(self, digests: Iterable[Digest]) -> None:
        self.driver.delete(self.codec.key(digest) for digest in digests)

    def _lengths(self, entries: Iterable[Entry | None], keys: dict[str, Digest]) -> dict[Digest, int | None]:
        return {
            keys[entry.key]: entry.size - self.codec.overhead
            for entry in entries
            if entry is not None and entry.key in keys
        }
