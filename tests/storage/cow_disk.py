"""A small disk whose file system can clone files, for the tests of what that saves."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gitreg.storage.disk_sync import sync_file_system

MAKE = {"xfs": ("mkfs.xfs", "-q", "-m", "reflink=1"), "btrfs": ("mkfs.btrfs", "-q")}


@contextmanager
def cow_disk(folder: Path, kind: str) -> Iterator[Path]:
    """An empty disk of 320 MiB, which takes up only what is written to it; skips the test where none can be had."""
    image, place = folder / f"{kind}.img", folder / kind
    image.touch()
    os.truncate(image, 320 << 20)
    place.mkdir()
    _or_skip(*MAKE[kind], str(image))
    _or_skip("mount", "-o", "loop", str(image), str(place))
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def _or_skip(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        reason = done.stderr.strip() if done.returncode else ""
    except OSError as error:
        reason = str(error)
    if reason:
        pytest.skip(f"no disk that clones files can be had here, so cloning is NOT tested: {reason}")


def used(disk: Path) -> int:
    """Bytes taken on the disk, once all that was written has been given its place."""
    descriptor = os.open(disk, os.O_RDONLY)
    try:
        sync_file_system(descriptor)
        status = os.fstatvfs(descriptor)
    finally:
        os.close(descriptor)
    return (status.f_blocks - status.f_bfree) * status.f_frsize
