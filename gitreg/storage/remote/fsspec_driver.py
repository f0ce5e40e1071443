"""Any fsspec URL as a driver: S3, GCS, Azure and the like.

Knows nothing of credentials: they come in `options` or from the service's own chain, and are never shown.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

import fsspec

from gitreg.core.text import escape
from gitreg.errors import GitregError, MissingDependencyError, StorageError
from gitreg.storage.crew import for_each
from gitreg.storage.layout import INCOMING
from gitreg.storage.remote.driver import LARGEST, AbsentError, Entry, Listing, OversizeError
from gitreg.storage.remote.failures import Cause, cause_of_answer, failure
from gitreg.storage.remote.fsspec_failures import cause_of, is_out_of_range
from gitreg.storage.remote.options import SERVICES, fsspec_options
from gitreg.storage.remote.patience import patient

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import timedelta

_REQUESTS_AT_ONCE: Final = 16
_PER_DELETE: Final = 1000
# Services where one upload appears whole or not at all; elsewhere a rename does that.
_ATOMIC_UPLOAD: Final = frozenset({*SERVICES, "memory"})
_EXTRAS: Final = {"s3": "s3", "gs": "gcs", "az": "azure", "abfs": "azure"}
_TIMES: Final = ("LastModified", "last_modified", "mtime", "updated", "created")


# gcsfs's newer class asks a second service, by gRPC, about each bucket it has not seen.
fsspec.register_implementation("gs", "gcsfs.core.GCSFileSystem", clobber=True)


class FsspecDriver:
    """The Driver for a URL."""

    listing = Listing.WALKED  # fsspec brings a listing whole, so looking at its first page costs all of it

    def __init__(self, url: str, options: Mapping[str, str], *, timeout: float = 60) -> None:
        parts = urlsplit(url)
        self._where = escape(urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")))
        self._scheme = parts.scheme
        try:
            with self._failures("reach"):
                named = patient(parts.scheme, fsspec_options(parts.scheme, options), timeout)
                self._fs, root = fsspec.url_to_fs(url, skip_instance_cache=True, **named)
                self._fs.retries = 1  # s3fs would repeat each request by itself, below those who count
        except ImportError as error:
            raise _without_driver(parts.scheme) from error
        self._root = str(root).rstrip("/")

    def describe(self) -> str:
        return self._where

    def get(self, key: str, most: int = LARGEST) -> bytes:
        with self._failures("read from"):
            data = self._start_of(key, most + 1)
        if len(data) > most:
            raise OversizeError(self._where)
        return data

    def put(self, key: str, data: bytes | memoryview) -> None:
        with self._failures("write to", absent=Cause.NO_BUCKET):
            if self._scheme in _ATOMIC_UPLOAD:
                self._fs.pipe_file(self._path(key), bytes(data))
            else:
                self._put_by_rename(key, bytes(data))

    def head(self, key: str) -> Entry | None:
        with suppress(AbsentError), self._failures("look into"):
            return _entry(key, self._fs.info(self._path(key)))
        return None

    def list(self, prefix: str, after: str = "") -> Iterator[Entry]:
        found: Mapping[str, Mapping[str, object]] = {}
        with suppress(AbsentError), self._failures("list"):  # a folder that nobody has made yet
            found = self._fs.find(self._path(prefix), detail=True)
        for path, info in found.items():
            key = str(path).removeprefix(self._root).lstrip("/")
            if key > after:
                yield _entry(key, info)

    def delete(self, keys: Iterable[str]) -> None:
        paths = [self._path(key) for key in keys]
        with self._failures("remove objects from"):
            if self._scheme == "s3":
                for start in range(0, len(paths), _PER_DELETE):
                    self._delete_many(paths[start : start + _PER_DELETE])
                return
            for_each(paths, self._delete_one, _REQUESTS_AT_ONCE)

    def copy(self, source: str, target: str) -> None:
        with self._failures("copy objects in"):
            if self._scheme not in _ATOMIC_UPLOAD:  # a copy that is killed would leave half of it
                self._put_by_rename(target, self.get(source))
            else:
                self._fs.cp_file(self._path(source), self._path(target))

    def sign(self, key: str, lifetime: timedelta) -> str:
        if self._scheme not in SERVICES:
            raise StorageError(f"{self._where} has no links to hand out")
        with self._failures("make a link into"):
            return str(self._fs.sign(self._path(key), expiration=int(lifetime.total_seconds())))

    def _start_of(self, key: str, length: int) -> bytes:
        try:
            return bytes(self._fs.cat_file(self._path(key), start=0, end=length))
        except Exception as error:
            if is_out_of_range(error):  # an empty value has no first byte
                return b""
            raise

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}"

    def _delete_many(self, paths: Sequence[str]) -> None:
        """By s3fs's own request: its `rm` passes over what the service refuses to delete."""
        places = [self._fs.split_path(path) for path in paths]
        named = {"Objects": [{"Key": key} for _, key, _ in places], "Quiet": True}
        answer = self._fs.call_s3("delete_objects", Bucket=places[0][0], Delete=named)
        for error in answer.get("Errors", ()):
            cause = cause_of_answer(0, str(error.get("Code", "")))
            if cause is not Cause.ABSENT:
                raise failure(cause, "remove objects from", self._where)

    def _delete_one(self, path: str) -> None:
        with suppress(FileNotFoundError):
            self._fs.rm_file(path)

    def _put_by_rename(self, key: str, data: bytes) -> None:
        """Store a value whole or not at all (W2)."""
        target, temporary = self._path(key), self._path(f"{INCOMING}/{os.urandom(8).hex()}")
        for path in (target, temporary):
            self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        try:
            self._fs.pipe_file(temporary, data)
            self._fs.mv(temporary, target)
        except Exception:
            self._fs.rm_file(temporary)
            if not self._fs.exists(target):  # some services refuse to rename onto a file; the same object is there
                raise

    @contextmanager
    def _failures(self, doing: str, absent: Cause = Cause.ABSENT) -> Iterator[None]:
        """Drivers raise whatever their service's SDK raises; to the user it is one line about one store.

        `absent`: what it means that something is not there, for a request that needs no value.
        """
        try:
            yield
        except (GitregError, ImportError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is
            cause, told = cause_of(error)
            raise failure(absent if cause is Cause.ABSENT else cause, doing, self._where, told) from None


def _entry(key: str, info: Mapping[str, object]) -> Entry:
    size = info.get("size")
    return Entry(key, size if isinstance(size, int) else 0, _nanoseconds(info))


def _nanoseconds(info: Mapping[str, object]) -> int:
    """When a value was written; every driver has its own word and type for it."""
    for word in _TIMES:
        match info.get(word):
            case datetime() as time:
                return _since_epoch(time)
            case int() | float() as seconds:
                return int(seconds * 1e9)
            case str() as text:
                return _since_epoch(datetime.fromisoformat(text))
    return 0


def _since_epoch(time: datetime) -> int:
    """A service's time that names no zone is not in this machine's."""
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1e9)


def _without_driver(scheme: str) -> MissingDependencyError:
    extra = _EXTRAS.get(scheme)
    hint = f"install it with: pip install 'gitreg[{extra}]'" if extra else f"install an fsspec driver for {scheme}"
    return MissingDependencyError(f"no driver for {scheme}:// URLs is installed", hint=hint)
