"""Finds which files of an artifact stand in a directory already, by hashing them on all cores."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from gitreg.storage.destination import Destination
from gitreg.storage.stream_map import Unit, units

if TYPE_CHECKING:
    from pathlib import Path

    from gitreg.core.excerpt import Excerpt


def files_in_place(excerpt: Excerpt, root: Path) -> set[str]:
    """The paths of those that have the right bytes; permissions are set right.  Raises OSError."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return set().union(*pool.map(partial(_standing, root), units(excerpt)))


def _standing(root: Path, unit: Unit) -> list[str]:
    with Destination(root) as destination:
        return [file.path for file, chunks in unit.proofs() if destination.holds(file, chunks)]
