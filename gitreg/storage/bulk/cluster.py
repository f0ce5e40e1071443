"""Bulk work on a Dask cluster that somebody runs already; its workers need gitreg and ways to the same stores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gitreg.core.text import escape
from gitreg.errors import GitregError, MissingDependencyError, StorageError, UsageError
from gitreg.storage.bulk.work import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitreg.storage.bulk.work import PartDone, Work

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class Cluster:
    """The Runner that hands parts to the cluster at an address, such as `tls://scheduler:8786`."""

    def __init__(self, address: str, patience: float = 10) -> None:
        """`patience` is how many seconds the cluster has to answer at first.  Raises UsageError."""
        self._address = address
        self._patience = patience
        try:
            self._parts = urlsplit(address if "://" in address else f"tcp://{address}")
        except ValueError:  # such as half of an IPv6 address
            hint = "it looks like tls://scheduler:8786"
            raise UsageError(f"not the address of a cluster: '{escape(address[:200])}'", hint=hint) from None

    @property
    def private(self) -> bool:
        """Whether nobody on the way can read what is sent: options of a store may be secrets."""
        return self._parts.scheme == "tls" or self._parts.hostname in _LOOPBACK

    def run(self, work: Work) -> Iterator[PartDone]:
        """Raises StorageError if there is no cluster or it gives up, MissingDependencyError without the driver."""
        try:
            from distributed import Client, as_completed  # noqa: PLC0415 - optional
        except ImportError as error:
            hint = "install it with: pip install 'gitreg[cluster]'"
            raise MissingDependencyError("clusters need the distributed package", hint=hint) from error
        try:
            with Client(self._address, timeout=self._patience, set_as_default=False) as client:
                # Work may be done again: a worker that dies takes nothing with it.
                parts = client.map(work, PARTS, pure=False, retries=2)
                for done in as_completed(parts, loop=client.loop):
                    yield done.result()
        except GitregError:
            raise
        except Exception as error:
            raise StorageError(
                f"the cluster at {escape(self._address)} failed: {escape(str(error).partition(chr(10))[0])[:200]}",
                hint="its workers need this version of gitreg and the store's driver; running it again is safe",
            ) from error
