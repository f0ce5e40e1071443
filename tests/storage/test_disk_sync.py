"""Syncing a file system: it works here, and a failure is heard."""

from __future__ import annotations

import os

import pytest

from gitreg.storage import disk_sync
from gitreg.storage.disk_sync import sync_file_system


@pytest.mark.parametrize("has_syncfs", [True, False])
def test_it_returns(tmp_path, monkeypatch, has_syncfs):
    """No checkout could be made on this system."""
    if not has_syncfs:
        monkeypatch.setattr(disk_sync, "_syncfs", None)
    descriptor = os.open(tmp_path, os.O_RDONLY)
    sync_file_system(descriptor)
    os.close(descriptor)


@pytest.mark.skipif(disk_sync._syncfs is None, reason="this system has no such call")
def test_a_failure_is_raised():
    """Bytes that the disk has lost would be called durable."""
    with pytest.raises(OSError, match="Bad file descriptor"):
        sync_file_system(-1)
