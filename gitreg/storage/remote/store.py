"""The set of objects that a driver holds.  Knows the layout and what absence means; nothing of services."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from gitreg.storage.layout import FORMAT_FILE, MAX_FORMAT_BYTES, OBJECTS, check_format, no_store
from gitreg.storage.remote.aside import read_aside
from gitreg.storage.remote.driver import AbsentError, OversizeError
from gitreg.storage.remote.presence import Presence
from gitreg.storage.store import DEFAULT_JOBS, MissingObjectError
from gitreg.storage.verified import CorruptObjectError, is_object

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from gitreg.core.digest import Digest
    from gitreg.storage.remote.codec import Codec
    from gitreg.storage.remote.driver import Driver


class RemoteStore:
    """The ObjectStore that a driver holds; made by `open` or `create`."""

    def __init__(self, driver: Driver, codec: Codec, jobs: int = DEFAULT_JOBS) -> None:
        """Take them as they are, without asking whether there is a store; use `open` or `create`."""
        self.driver = driver
        self.codec = codec
        self.at_once = jobs
        self._slots = threading.BoundedSemaphore(jobs)  # however many threads who calls may have
        self._presence = Presence(driver, jobs)

    @classmethod
    def open(cls, driver: Driver, codec: Codec, jobs: int = DEFAULT_JOBS) -> RemoteStore:
        """Open a store that exists.  Raises StorageError if there is none, FormatError if its layout is unknown."""
        try:
            text = driver.get(FORMAT_FILE, MAX_FORMAT_BYTES)
        except AbsentError as error:
            raise no_store(driver.describe()) from error
        check_format(text, driver.describe(), codec.layout)
        return cls(driver, codec, jobs)

    @classmethod
    def create(cls, driver: Driver, codec: Codec, jobs: int = DEFAULT_JOBS) -> RemoteStore:
        """Open it, after making the layout where it is not there yet."""
        try:
            check_format(driver.get(FORMAT_FILE, MAX_FORMAT_BYTES), driver.describe(), codec.layout)
        except AbsentError:
            driver.put(FORMAT_FILE, codec.layout)
        return cls(driver, codec, jobs)

    def describe(self) -> str:
        return self.driver.describe()

    def present(self, digests: Collection[Digest]) -> set[Digest]:
        return set(self.lengths(digests))

    def lengths(self, digests: Collection[Digest]) -> dict[Digest, int | None]:
        """Those of the objects that are there, with their sizes."""
        keys = {self.codec.key(digest): digest for digest in digests}
        return {keys[key]: size - self.codec.overhead for key, size in self._presence.sizes(keys).items()}

    def read(self, digest: Digest) -> bytes:
        key = self.codec.key(digest)
        try:
            try:
                return self.codec.decode(digest, self._stored(key))
            except CorruptObjectError:  # perhaps on its way only
                return self.codec.decode(digest, self._stored(key))
        except AbsentError as error:
            raise MissingObjectError(digest, self.describe()) from error
        except OversizeError as error:
            raise CorruptObjectError(digest, self.describe()) from error

    def write(self, digest: Digest, data: bytes | memoryview) -> None:
        key, value = self.codec.key(digest), self.codec.encode(digest, data)
        with self._slots:
            self.driver.put(key, value)
        self._presence.note(key, len(value))

    def renew(self, digest: Digest, copy: str | None = None) -> int | None:
        """Write an object, or the copy of it under a key, as it would be written now.

        Its size in bytes, or None if it is so already.  Raises MissingObjectError, CorruptObjectError.
        """
        try:
            value = self._stored(self.codec.key(digest)) if copy is None else self.driver.get(copy)
        except AbsentError as error:
            raise MissingObjectError(digest, self.describe()) from error
        except OversizeError as error:
            raise CorruptObjectError(digest, self.describe()) from error
        if self.codec.is_current(value):
            return None
        data = self.codec.decode(digest, value)
        if not is_object(digest, data):
            raise CorruptObjectError(digest, self.describe())
        if copy is None:
            self.write(digest, data)
        else:
            self.driver.put(copy, self.codec.encode(digest, data))
        return len(data)

    def flush(self) -> None:
        """Nothing to do: an upload returns once the service has the object for good."""

    def names(self, part: str = "") -> Iterator[Digest]:
        return (digest for digest, _ in self.sizes(part))

    def sizes(self, part: str = "") -> Iterator[tuple[Digest, int]]:
        """As `names`, with the objects' sizes in bytes."""
        for entry in self.driver.list(f"{OBJECTS}/{part}".rstrip("/")):
            digest = self.codec.digest(entry.key)
            if digest is not None:
                yield digest, entry.size - self.codec.overhead

    def remove(self, digests: Iterable[Digest]) -> None:
        keys = [self.codec.key(digest) for digest in digests]
        self.driver.delete(keys)
        for key in keys:
            self._presence.forget(key)

    def _stored(self, key: str) -> bytes:
        with self._slots:
            try:
                return self.driver.get(key)
            except AbsentError:
                return read_aside(self.driver, key)
