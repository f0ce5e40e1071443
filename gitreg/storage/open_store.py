"""From a URL to a store: the local file system by itself, everything else over a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from gitreg.core.text import escape
from gitreg.errors import UsageError
from gitreg.storage.local import LocalStore
from gitreg.storage.store import DEFAULT_JOBS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitreg.storage.remote.sealing.ring import Seal
    from gitreg.storage.remote.store import RemoteStore


def open_store(
    url: str, options: Mapping[str, str] | None = None, jobs: int = DEFAULT_JOBS, seal: Seal | None = None
) -> LocalStore | RemoteStore:
    """Open the store at a URL or plain path.  Raises StorageError if there is none or it cannot be reached.

    One behind a network is asked `jobs` things at once; one that is sealed opens by its `seal` only.
    """
    path = local_path(url)
    if path is not None and seal is None:
        return LocalStore.open(path)
    from gitreg.storage.remote.opening import open_remote  # noqa: PLC0415 - heavy, and needed for remote stores alone

    return open_remote(url, options or {}, jobs, seal)


def create_store(
    url: str, options: Mapping[str, str] | None = None, jobs: int = DEFAULT_JOBS
) -> LocalStore | RemoteStore:
    """As `open_store`, but makes the store where there is none yet; none that is sealed."""
    path = local_path(url)
    if path is not None:
        return LocalStore.create(path)
    from gitreg.storage.remote.opening import create_remote  # noqa: PLC0415 - heavy, and needed for remote stores alone

    return create_remote(url, options or {}, jobs)


def local_path(url: str) -> Path | None:
    """The directory a `file://` URL or plain path means, or None for a remote URL.  Raises UsageError."""
    if "://" not in url:
        return Path(url)
    parts = urlsplit(url)
    if parts.scheme != "file":
        return None
    if parts.netloc not in {"", "localhost"} or not parts.path.startswith("/"):
        raise UsageError(f"not a local file URL: '{escape(url)}'", hint="write file:///absolute/path")
    return Path(unquote(parts.path))
