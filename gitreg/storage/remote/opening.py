"""From a URL and options to a store: which driver, which wrappers over it, which codec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitreg.storage.remote.codec import PlainCodec
from gitreg.storage.remote.fsspec_driver import FsspecDriver
from gitreg.storage.remote.store import RemoteStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitreg.storage.remote.driver import Driver


def open_remote(url: str, options: Mapping[str, str], jobs: int) -> RemoteStore:
    """Open a store that exists.  Raises StorageError, FormatError, MissingDependencyError."""
    return RemoteStore.open(_driver(url, options), PlainCodec(), jobs)


def create_remote(url: str, options: Mapping[str, str], jobs: int) -> RemoteStore:
    """As `open_remote`, but makes the store where there is none yet."""
    return RemoteStore.create(_driver(url, options), PlainCodec(), jobs)


def _driver(url: str, options: Mapping[str, str]) -> Driver:
    return FsspecDriver(url, options)
