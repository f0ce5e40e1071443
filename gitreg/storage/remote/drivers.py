"""From a URL and options to a driver: which library moves the bytes, and what stands above it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gitreg.core.text import escape
from gitreg.errors import MissingDependencyError, UsageError
from gitreg.storage.remote.limiting import Limiting
from gitreg.storage.remote.options import SERVICES, Settings, obstore_options, settings
from gitreg.storage.remote.retrying import Retrying

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitreg.storage.remote.driver import Driver

# Not GCS: no emulator speaks to obstore, so that nothing tests what it does there.
_QUICK: Final = frozenset({"s3", "az"})


def open_driver(url: str, options: Mapping[str, str]) -> Driver:
    """The service at a URL, asked again where it fails and no more at once than it bears."""
    own = settings(options)
    return Retrying(Limiting(bare_driver(url, options, own)), own.retries)


def bare_driver(url: str, options: Mapping[str, str], own: Settings) -> Driver:
    """The quick one where it is installed and can do all that is asked for; or the one that is asked for."""
    scheme, _, path, *_ = urlsplit(url)
    if scheme == "sftp":
        return _sftp(url, options, own)
    named = obstore_options(scheme, options) if scheme in SERVICES else None
    quick = SERVICES.get(scheme) in _QUICK and named is not None and "//" not in path  # obstore has no such keys
    if own.driver == "obstore" or (own.driver is None and quick and find_spec("obstore") is not None):
        driver = _obstore(url, named, own.timeout)
        if driver is not None:
            return driver
    if own.driver == "obstore":
        hint = "git config gitreg.remote.NAME.region REGION, or leave out the option 'driver'"
        raise UsageError(f"obstore has to be told the region of {escape(url)}", hint=hint)
    # Half a second of imports, and the only one for some services.
    from gitreg.storage.remote.fsspec_driver import FsspecDriver  # noqa: PLC0415

    return FsspecDriver(url, options, timeout=own.timeout)


def _obstore(url: str, named: dict[str, object] | None, timeout: float) -> Driver | None:
    if named is None:
        hint = "git config --get-regexp '^gitreg.remote'; leave out the option 'driver'"
        raise UsageError(f"obstore can't take all options of the remote at {escape(url)}", hint=hint)
    try:
        from gitreg.storage.remote.obstore_driver import open_obstore  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        hint = "install it with: pip install obstore"
        raise MissingDependencyError("the remote's option 'driver' asks for obstore", hint=hint) from error
    return open_obstore(url, named, timeout)


def _sftp(url: str, options: Mapping[str, str], own: Settings) -> Driver:
    try:
        from gitreg.storage.remote.sftp_driver import SftpDriver  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        hint = "install it with: pip install 'gitreg[sftp]'"
        raise MissingDependencyError("no driver for sftp:// URLs is installed", hint=hint) from error
    return SftpDriver(url, options, timeout=own.timeout)
