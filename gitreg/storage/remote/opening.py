"""From a URL and options to a store: a driver, and the codec that goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitreg.storage.remote.codec import PlainCodec
from gitreg.storage.remote.drivers import open_driver
from gitreg.storage.remote.store import RemoteStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitreg.storage.remote.codec import Codec
    from gitreg.storage.remote.driver import Driver
    from gitreg.storage.remote.sealing.ring import Seal


def open_remote(url: str, options: Mapping[str, str], jobs: int, seal: Seal | None = None) -> RemoteStore:
    """Open a store that exists.  Raises StorageError, FormatError, UsageError, MissingDependencyError."""
    return open_on(open_driver(url, options), jobs, seal)


def create_remote(url: str, options: Mapping[str, str], jobs: int) -> RemoteStore:
    """As `open_remote`, but makes the store where there is none yet."""
    return create_on(open_driver(url, options), jobs, None)


def open_on(driver: Driver, jobs: int, seal: Seal | None) -> RemoteStore:
    """As `open_remote`, where a driver is open already."""
    return RemoteStore.open(driver, _codec(seal, driver), jobs)


def create_on(driver: Driver, jobs: int, seal: Seal | None) -> RemoteStore:
    """As `open_on`, but makes the store where there is none yet."""
    return RemoteStore.create(driver, _codec(seal, driver), jobs)


def _codec(seal: Seal | None, driver: Driver) -> Codec:
    if seal is None:
        return PlainCodec()
    from gitreg.storage.remote.sealed_codec import SealedCodec  # noqa: PLC0415 - cryptography, for sealed stores alone

    return SealedCodec(seal, driver.describe())
