"""S3, GCS and Azure through obstore (Rust's object_store): the quick driver, in start-up and per request.

Knows nothing of where credentials come from, nor of asking again.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, S3Store

from gitreg.core.text import escape
from gitreg.storage.crew import for_each
from gitreg.storage.remote.credentials import ChainCredentials, is_placed, needs_chain
from gitreg.storage.remote.driver import LARGEST, PAGE, AbsentError, Entry, Listing, OversizeError
from gitreg.storage.remote.failures import Cause, failure
from gitreg.storage.remote.obstore_failures import cause_of
from gitreg.storage.remote.options import SERVICES, certificates
from gitreg.storage.remote.patience import CONNECT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_STORES: Final[Mapping[str, Any]] = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}
# How many values one request deletes; GCS has no such request.
_PER_DELETE: Final = {"s3": 1000, "az": 256, "gs": 1}
_DELETES_AT_ONCE: Final = 16
# A value may take as long as it takes while bytes are moving; `read_timeout` finds the connections that hang.
_NO_TOTAL: Final = timedelta(days=1)
_PANIC: Final = "PanicException"  # a failed assertion of Rust's: no Exception, and a class that nobody can import


def open_obstore(url: str, named: Mapping[str, Any], timeout: float) -> ObstoreDriver | None:
    """The Driver for a URL, with credentials from options, the environment or AWS's own chain.

    None if nothing says in which region an S3 bucket is: botocore would find out, obstore does not.
    """
    if SERVICES[urlsplit(url).scheme] != "s3":
        return ObstoreDriver(url, named, timeout=timeout, credentials=None)
    chain = ChainCredentials(named.get("profile"), escape(url)) if needs_chain(named) else None
    given = {name: value for name, value in named.items() if name != "profile"}
    config = chain.place() | given if chain else given
    return ObstoreDriver(url, config, timeout=timeout, credentials=chain) if is_placed(config) else None


class ObstoreDriver:
    """The Driver for a URL.  `named` are options in obstore's words; `credentials` is asked if they hold none."""

    def __init__(
        self, url: str, named: Mapping[str, Any], *, timeout: float, credentials: Callable[[], object] | None
    ) -> None:
        parts = urlsplit(url)
        self._where = escape(f"{parts.scheme}://{parts.netloc}{parts.path}")
        self._service = SERVICES[parts.scheme]
        self.listing = Listing.PAGED if self._service == "az" else Listing.SEEKABLE
        config = dict(named)
        self._attributes = config.pop("attributes", None)
        bucket, _, account = parts.netloc.partition("@")  # abfs://CONTAINER@ACCOUNT.dfs.core.windows.net
        if account:
            config.setdefault("account_name", account.partition(".")[0])
        client = _client(config.get("endpoint"), config.pop("client", {}).get("root_certificate"), timeout)
        with self._failures("reach"):
            self._store = _STORES[self._service](
                bucket,
                prefix=parts.path.strip("/") or None,
                config=config,
                client_options=client,
                retry_config={"max_retries": 0},  # who repeats also counts
                **({"credential_provider": credentials} if credentials else {}),
            )

    def describe(self) -> str:
        return self._where

    def get(self, key: str, most: int = LARGEST) -> bytes:
        with self._failures("read from"):
            answer = obstore.get(self._store, key)
            if answer.meta["size"] > most:
                raise OversizeError(self._where)
            value: bytes = answer.bytes().to_bytes()
            return value

    def put(self, key: str, data: bytes | memoryview) -> None:
        with self._failures("write to", absent=Cause.NO_BUCKET):
            # In one request: it appears whole or not at all, and nothing invisible is left to be paid for.
            obstore.put(self._store, key, data, attributes=self._attributes, use_multipart=False)

    def head(self, key: str) -> Entry | None:
        with suppress(AbsentError), self._failures("look into"):
            return _entry(obstore.head(self._store, key))
        return None

    def list(self, prefix: str, after: str = "") -> Iterator[Entry]:
        with self._failures("list", absent=Cause.NO_BUCKET):
            for page in obstore.list(self._store, prefix, offset=after or None, chunk_size=PAGE):
                yield from map(_entry, page)

    def delete(self, keys: Iterable[str]) -> None:
        names, size = list(keys), _PER_DELETE[self._service]
        batches = [names[start : start + size] for start in range(0, len(names), size)]
        for_each(batches, self._delete, _DELETES_AT_ONCE if size == 1 else 1)

    def copy(self, source: str, target: str) -> None:
        with self._failures("copy objects in"):
            obstore.copy(self._store, source, target)

    def sign(self, key: str, lifetime: timedelta) -> str:
        with self._failures("make a link into"):
            url: str = obstore.sign(self._store, "GET", key, lifetime)
            return url

    def _delete(self, batch: Sequence[str]) -> None:
        with suppress(AbsentError), self._failures("remove objects from"):  # Azure and GCS mind what is gone already
            obstore.delete(self._store, batch)

    @contextmanager
    def _failures(self, doing: str, absent: Cause = Cause.ABSENT) -> Iterator[None]:
        """`absent`: what it means that something is not there, for a request that needs no value."""
        try:
            yield
        except (BaseError, FileNotFoundError) as error:
            cause, told = cause_of(str(error))
            raise failure(absent if cause is Cause.ABSENT else cause, doing, self._where, told) from None
        except ValueError as error:  # options that it can't take
            raise failure(Cause.OTHER, doing, self._where, type(error).__name__) from None
        except BaseException as error:
            if type(error).__name__ != _PANIC:
                raise
            raise failure(Cause.PANIC, doing, self._where) from None


def _client(endpoint: str | None, bundle: str | None, timeout: float) -> dict[str, Any]:
    """How it connects: as long as bytes keep coming, a value may take its time."""
    variables = (os.environ.get(name) for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"))
    endpoint = endpoint or next(filter(None, variables), "")
    bundle = bundle or os.environ.get("AWS_CA_BUNDLE")
    return {
        "connect_timeout": timedelta(seconds=min(timeout, CONNECT_SECONDS)),
        "read_timeout": timedelta(seconds=timeout),
        "timeout": _NO_TOTAL,
        "allow_http": endpoint.startswith("http://"),
        **({"root_certificate": certificates(bundle)} if bundle else {}),
    }


def _entry(meta: obstore.ObjectMeta) -> Entry:
    return Entry(meta["path"], meta["size"], int(meta["last_modified"].timestamp()) * 10**9)
