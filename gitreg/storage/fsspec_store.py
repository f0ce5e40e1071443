"""A store behind any fsspec URL: S3, GCS, Azure, SFTP and the like.

Knows nothing of credentials: they come in `options` or from the service's own chain, and are never shown.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

import fsspec

from gitreg.core.text import escape
from gitreg.errors import GitregError, MissingDependencyError, StorageError
from gitreg.storage.layout import (
    FORMAT_FILE,
    FORMAT_TEXT,
    OBJECTS,
    check_format,
    digest_of_name,
    no_store,
    object_path,
    prefixes,
)
from gitreg.storage.remote_options import driver_options
from gitreg.storage.store import MissingObjectError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from gitreg.core.digest import Digest

_REQUESTS_AT_ONCE: Final = 16
# Services where one upload appears whole or not at all; elsewhere a rename does that.
_ATOMIC_UPLOAD: Final = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "memory"})
_EXTRAS: Final = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "az": "azure", "abfs": "azure", "sftp": "sftp"}


class FsspecStore:
    """The ObjectStore at a URL; made by `open` or `create`."""

    def __init__(self, url: str, options: Mapping[str, str]) -> None:
        """Connect, without checking that there is a store; use `open` or `create`."""
        parts = urlsplit(url)
        self._where = escape(urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")))
        named = driver_options(parts.scheme, options)
        self._atomic = parts.scheme in _ATOMIC_UPLOAD
        try:
            with self._failures("reach"):
                # A cached listing would hide what other people pushed or removed meanwhile.
                self._fs, root = fsspec.url_to_fs(url, use_listings_cache=False, skip_instance_cache=True, **named)
        except ImportError as error:
            raise _without_driver(parts.scheme) from error
        self._root = str(root).rstrip("/")

    @classmethod
    def open(cls, url: str, options: Mapping[str, str]) -> FsspecStore:
        """Open a store that exists.  Raises StorageError if there is none, FormatError if its layout is unknown."""
        store = cls(url, options)
        with store._failures("reach"):
            try:
                text = store._fs.cat_file(f"{store._root}/{FORMAT_FILE}")
            except FileNotFoundError as error:
                raise no_store(store._where) from error
        check_format(bytes(text), store._where)
        return store

    @classmethod
    def create(cls, url: str, options: Mapping[str, str]) -> FsspecStore:
        """Make the layout where it is not there yet, and open it."""
        store = cls(url, options)
        with store._failures("create a store in"):
            if not store._fs.exists(f"{store._root}/{FORMAT_FILE}"):
                if not store._atomic:  # elsewhere folders need no making, and a mistyped bucket must not be made
                    store._fs.makedirs(f"{store._root}/{OBJECTS}", exist_ok=True)
                store._put(FORMAT_FILE, FORMAT_TEXT)
        return cls.open(url, options)

    def describe(self) -> str:
        return self._where

    def present(self, digests: Collection[Digest]) -> set[Digest]:
        return set(self.lengths(digests))

    def lengths(self, digests: Collection[Digest]) -> dict[Digest, int | None]:
        """Those of the objects that are there, with their sizes where the service tells."""
        directories = prefixes(digests)
        if len(digests) == 1:  # the usual question while adding; not worth threads
            with self._failures("list"):
                return {digest: length for digest in digests for length in self._length(digest)}
        with self._failures("list"), ThreadPoolExecutor(_REQUESTS_AT_ONCE) as pool:
            if len(digests) <= len(directories):
                found = zip(digests, pool.map(self._length, digests), strict=True)
                return {digest: length for digest, lengths in found for length in lengths}
            listed: dict[Digest, int | None] = {}
            for directory in pool.map(self._directory, sorted(directories)):
                listed |= directory
            return {digest: listed[digest] for digest in digests if digest in listed}

    def read(self, digest: Digest) -> bytes:
        with self._failures("read from"):
            try:
                return bytes(self._fs.cat_file(f"{self._root}/{object_path(digest)}"))
            except FileNotFoundError as error:
                raise MissingObjectError(digest, self._where) from error

    def write(self, digest: Digest, data: bytes | memoryview) -> None:
        with self._failures("write to"):
            self._put(object_path(digest), bytes(data))

    def flush(self) -> None:
        """Nothing to do: an upload returns once the service has the object for good."""

    def names(self) -> Iterator[Digest]:
        for number in range(256):
            with self._failures("list"):
                directory = self._directory(f"{number:02x}")
            yield from sorted(directory)

    def remove(self, digests: Iterable[Digest]) -> None:
        with self._failures("remove objects from"), ThreadPoolExecutor(_REQUESTS_AT_ONCE) as pool:
            for _ in pool.map(self._remove, digests):
                pass

    def _length(self, digest: Digest) -> list[int | None]:
        """Empty if the object is not there."""
        try:
            return [self._fs.info(f"{self._root}/{object_path(digest)}").get("size")]
        except FileNotFoundError:
            return []

    def _directory(self, prefix: str) -> dict[Digest, int | None]:
        try:
            entries = self._fs.ls(f"{self._root}/{OBJECTS}/{prefix}", detail=True)
        except FileNotFoundError:
            return {}
        named = ((digest_of_name(str(entry["name"]).rpartition("/")[2]), entry.get("size")) for entry in entries)
        return {digest: size for digest, size in named if digest is not None}

    def _remove(self, digest: Digest) -> None:
        try:
            self._fs.rm_file(f"{self._root}/{object_path(digest)}")
        except FileNotFoundError:
            return

    def _put(self, path: str, data: bytes) -> None:
        """Store a file whole or not at all (W2)."""
        target = f"{self._root}/{path}"
        if self._atomic:
            self._fs.pipe_file(target, data)
            return
        temporary = f"{self._root}/incoming-{os.urandom(8).hex()}"
        self._fs.makedirs(target.rpartition("/")[0], exist_ok=True)
        try:
            self._fs.pipe_file(temporary, data)
            self._fs.mv(temporary, target)
        except Exception:
            self._fs.rm_file(temporary)
            if not self._fs.exists(target):  # some services refuse to rename onto a file; the same object is there
                raise

    @contextmanager
    def _failures(self, doing: str) -> Iterator[None]:
        """Drivers raise whatever their service's SDK raises; to the user it is one line about one store."""
        try:
            yield
        except (GitregError, ImportError):
            raise
        except Exception as error:
            raise StorageError(f"cannot {doing} {self._where}: {_reason(error)}", hint=_hint(error)) from error


def _reason(error: Exception) -> str:
    lines = escape(str(error).partition("\n")[0])[:200]
    return lines or type(error).__name__


def _hint(error: Exception) -> str:
    if isinstance(error, PermissionError):
        return "check the credentials and what they may do there"
    return "check the URL, the network and the credentials; running the command again continues where it stopped"


def _without_driver(scheme: str) -> MissingDependencyError:
    extra = _EXTRAS.get(scheme)
    hint = f"install it with: pip install 'gitreg[{extra}]'" if extra else f"install an fsspec driver for {scheme}"
    return MissingDependencyError(f"no driver for {scheme}:// URLs is installed", hint=hint)
