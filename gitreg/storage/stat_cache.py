"""Remembers which manifest a source had when its files looked as they do now, so that it need not be read again.

Disposable: a missing, damaged or doubtful entry only costs reading the files.  Never says "unchanged" for a file
that was modified so shortly before the listing that a later change could bear the same timestamp (Git's racy index).
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Final

from gitreg.core.digest import Digest

if TYPE_CHECKING:
    from pathlib import Path

    from gitreg.storage.listing import Listing

_ENTRY: Final = re.compile(r"gitreg-stat 3\nlooks ([0-9a-f]{64})\nmanifest ([0-9a-f]{64})\n")
# Kernels stamp files by a clock of 1-10 ms; FAT and old network file systems by whole seconds, two at worst.
FINE_TICK_NS: Final = 50_000_000
_COARSE_TICK_NS: Final = 2_000_000_000


class StatCache:
    """A directory of small files, one for each source ever added from this repository."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def manifest_of(self, listing: Listing) -> Digest | None:
        """The manifest the source had when it looked exactly so, or None if that is not known for certain."""
        try:
            entry = _ENTRY.fullmatch(self._file(listing.root).read_text("ascii"))
        except (OSError, UnicodeDecodeError):
            return None
        if entry is None or entry.group(1) != _looks(listing):
            return None
        return Digest.from_hex(entry.group(2))

    def record(self, listing: Listing, manifest: Digest) -> None:
        """Remember what ingesting this very listing gave; does nothing if it may be too fresh, or on a full disk."""
        if any(_is_racy(max(look.mtime_ns, look.ctime_ns), listing.listed_ns) for look in listing.fingerprints()):
            return
        with suppress(OSError):
            self._directory.mkdir(parents=True, exist_ok=True)
            nascent = self._directory / f"{os.urandom(8).hex()}.new"
            nascent.write_text(f"gitreg-stat 3\nlooks {_looks(listing)}\nmanifest {manifest.hex}\n", "ascii")
            nascent.replace(self._file(listing.root))

    def forget(self, root: Path) -> None:
        """Remove what is remembered of a source that is gone."""
        with suppress(OSError):
            self._file(root).unlink()

    def _file(self, root: Path) -> Path:
        return self._directory / Digest.of(os.fsencode(root.absolute())).hex


def _looks(listing: Listing) -> str:
    """One hash over path and fingerprint of every file, column by column: a line for each file takes twice as long."""
    paths = os.fsencode("\0".join(listing.paths))
    numbers = (column.tobytes() for column in listing.columns)
    return Digest.of_pieces(chain((b"%d\0" % len(listing.paths), paths), numbers)).hex


def _is_racy(newest: int, listed_ns: int) -> bool:
    """Whether a write after the listing could leave the same timestamp behind."""
    tick = FINE_TICK_NS if newest % 1_000_000_000 else _COARSE_TICK_NS
    return newest + tick >= listed_ns
