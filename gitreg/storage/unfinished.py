"""Shared checkouts that were being built when their process ended: kept by their manifest, for whoever wants it next.

Nothing in them is believed: whoever goes on hashes every file.  Moving one into an area of one's own, which is locked,
makes sure that nobody else goes on with it.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitreg.core.artifact_path import TEMP_DIRECTORY
from gitreg.errors import SourceError, StorageError
from gitreg.storage.destination import Destination
from gitreg.storage.layout import digest_of_name
from gitreg.storage.listing import list_files
from gitreg.storage.temp_area import TempArea
from gitreg.storage.verified import CorruptObjectError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitreg.core.manifest import Manifest

UNFINISHED: Final = "unfinished"
# Bears no manifest's name, so it is never taken for something to be finished.
DOOMED: Final = "doomed"
_AREAS: Final = "tmp"


def open_area(checkouts: Path) -> TempArea:
    """An area beside the checkouts; what dead processes were building in theirs is kept.  Raises OSError."""
    with Destination(checkouts) as holder:
        return TempArea(holder.descriptor, _AREAS, partial(_keep, checkouts.parent / UNFINISHED))


def place_in(area: TempArea, checkouts: Path, name: str) -> Path:
    """The path of something in such an area."""
    return checkouts / _AREAS / area.name / name


@contextmanager
def going_on(manifest: Manifest, area: TempArea, nascent: Path, kept: Path) -> Iterator[None]:
    """Build `nascent` on what has been kept of it, and keep it once more if it is cut short, but not by the disk."""
    _take_up(manifest, kept / nascent.name, nascent)
    try:
        yield
    except (StorageError, CorruptObjectError, KeyboardInterrupt) as error:
        if not isinstance(error.__cause__, OSError):
            _keep(kept, area.descriptor, area.parent)
        raise


def _keep(kept: Path, area: int, _parent: int) -> None:
    """Move what was to become a checkout out of an area, if that can be and nothing of it is kept yet."""
    with suppress(OSError):
        for name in os.listdir(area):
            if digest_of_name(name) is not None:
                kept.mkdir(exist_ok=True)
                os.utime(name, dir_fd=area)  # by which it will be judged to be old
                os.rename(name, kept / name, src_dir_fd=area)


def _take_up(manifest: Manifest, left: Path, nascent: Path) -> None:
    """Move what is left of a checkout to where it is built, unless it is another user's, or holds anything else."""
    with suppress(OSError, SourceError):
        if left.lstat().st_uid != os.getuid():
            return
        left.rename(nascent)
        known = {file.path for file in manifest.files}
        if all(path in known or path.startswith(f"{TEMP_DIRECTORY}/") for path in list_files(nascent, 0).paths):
            for directory, _, _ in os.walk(nascent):  # it may have been made read-only already
                Path(directory).chmod(0o755)
            return
    with suppress(FileNotFoundError):
        nascent.rename(nascent.with_name(DOOMED))
