"""Puts the system's page cache in the same state before every tool's step."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path
from typing import Final

from bench.storage.costs import MIB

_DROP: Final = Path("/proc/sys/vm/drop_caches")


class PageCache(Enum):
    """What is in memory when a step begins."""

    WARM = "warm"  # the files, and whatever the tool has stored of them
    COLD = "cold"  # nothing, not even programs

    def prepare(self, place: Path) -> None:
        """Bring it about for all files in a place.  Raises PermissionError if only root may."""
        os.sync()
        match self:
            case PageCache.WARM:
                for path in place.rglob("*"):
                    if path.is_file():
                        _read(path)
            case PageCache.COLD:
                _DROP.write_text("3\n")


def _read(path: Path) -> None:
    with path.open("rb", buffering=0) as file:
        while file.read(MIB):
            pass
