"""Remembers which manifest a source had when its files looked as they do now, so that it need not be read again.

Disposable: a missing, damaged or doubtful entry only costs reading the files.  Never says "unchanged" for a file
that was modified so shortly before the listing that a later change could bear the same timestamp (Git's racy index).
"""

from __future__ import annotations

import os
import re
from array import array
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from gitreg.core.digest import Digest

if TYPE_CHECKING:
    from pathlib import Path

    from gitreg.storage.source import Fingerprint, Source

_ENTRY: Final = re.compile(r"gitreg-stat 2\nlooks ([0-9a-f]{64})\nmanifest ([0-9a-f]{64})\n")
# Kernels stamp files by a clock of 1-10 ms; FAT and old network file systems by whole seconds, two at worst.
FINE_TICK_NS: Final = 50_000_000
_COARSE_TICK_NS: Final = 2_000_000_000


class StatCache:
    """A directory of small files, one for each source ever added from this repository."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def manifest_of(self, source: Source) -> Digest | None:
        """The manifest the source had when it looked exactly so, or None if that is not known for certain."""
        try:
            entry = _ENTRY.fullmatch(self._file(source.root).read_text("ascii"))
        except (OSError, UnicodeDecodeError):
            return None
        if entry is None or entry.group(1) != _looks(source):
            return None
        return Digest.from_hex(entry.group(2))

    def record(self, source: Source, manifest: Digest) -> None:
        """Remember what ingesting this very listing gave; does nothing if it may be too fresh, or on a full disk."""
        if any(_is_racy(file.fingerprint, source.listed_ns) for file in source.files):
            return
        with suppress(OSError):
            self._directory.mkdir(parents=True, exist_ok=True)
            nascent = self._directory / f"{os.urandom(8).hex()}.new"
            nascent.write_text(f"gitreg-stat 2\nlooks {_looks(source)}\nmanifest {manifest.hex}\n", "ascii")
            nascent.replace(self._file(source.root))

    def forget(self, root: Path) -> None:
        """Remove what is remembered of a source that is gone."""
        with suppress(OSError):
            self._file(root).unlink()

    def _file(self, root: Path) -> Path:
        return self._directory / Digest.of(os.fsencode(root.absolute())).hex


def _looks(source: Source) -> str:
    """One hash over path and fingerprint of every file, column by column: a line for each file takes twice as long."""
    paths = "\0".join([file.path for file in source.files])
    sizes, mtimes, ctimes, inodes, modes = zip(*[file.fingerprint for file in source.files], strict=True)
    numbers = [array("q", sizes), array("q", mtimes), array("q", ctimes), array("Q", inodes)]
    return Digest.of(b"".join([paths.encode(), b"\0", *numbers, bytes(modes)])).hex


def _is_racy(look: Fingerprint, listed_ns: int) -> bool:
    """Whether a write after the listing could leave the same timestamps behind."""
    newest = max(look.mtime_ns, look.ctime_ns)
    tick = FINE_TICK_NS if newest % 1_000_000_000 else _COARSE_TICK_NS
    return newest + tick >= listed_ns
