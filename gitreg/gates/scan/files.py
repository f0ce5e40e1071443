"""Which files a path stands for."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def files_under(path: Path) -> Iterable[Path]:
    """All that is no directory, in an order that is the same on every machine.  Links are not followed."""
    if not path.is_dir() or path.is_symlink():
        yield path
        return
    for folder, folders, names in os.walk(path, onerror=_raise):
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        folders[:] = sorted(set(folders) - set(links))
        yield from (Path(folder) / name for name in sorted([*names, *links]))


def _raise(error: OSError) -> None:
    """A directory that cannot be read must not pass as an empty one."""
    raise error
