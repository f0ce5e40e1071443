"""From a URL and options to a driver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitreg.storage.remote.fsspec_driver import FsspecDriver

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitreg.storage.remote.driver import Driver


def open_driver(url: str, options: Mapping[str, str]) -> Driver:
    """The service at a URL."""
    return FsspecDriver(url, options)
