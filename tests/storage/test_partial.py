"""A checkout that is cut short in the middle of a large file: what it has fetched is not fetched again."""

from __future__ import annotations

import random
import signal
import subprocess
import sys

import pytest

from gitreg.core.artifact_path import TEMP_DIRECTORY
from gitreg.core.limits import MIB
from gitreg.errors import StorageError
from gitreg.storage.checkout import materialise
from gitreg.storage.ingest import ingest
from gitreg.storage.local import LocalStore

SIZE = 40 * MIB


class Flaky(LocalStore):
    """Counts what is read; after `bytes_left` it fails in the way that is asked for."""

    def __init__(self, root, bytes_left: int, fail) -> None:
        super().__init__(root)
        self.at_once = 1
        self.bytes_left = bytes_left
        self.fail = fail
        self.read_bytes = 0

    def read(self, digest):
        data = super().read(digest)
        if self.read_bytes + len(data) > self.bytes_left:
            self.fail()
        self.read_bytes += len(data)
        return data


def refuse():
    raise StorageError("no connection")


@pytest.fixture
def manifest(tmp_path, store):
    source = tmp_path / "source"
    source.mkdir()
    (source / "weights.bin").write_bytes(random.Random(3).randbytes(SIZE))
    return ingest(source, store).manifest


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr("gitreg.storage.partial._WORTH_KEEPING", MIB)


def again(manifest, store, out) -> int:
    """Bytes that the next attempt reads from the store."""
    counting = Flaky(store.root, 2 * SIZE, refuse)
    materialise(manifest, counting, out)
    assert [file.name for file in out.iterdir()] == ["weights.bin"]
    return counting.read_bytes


def test_a_lost_connection_costs_only_what_was_on_its_way(manifest, store, tmp_path):
    """Half of a 100 GB file would be fetched twice."""
    flaky = Flaky(store.root, SIZE // 2, refuse)
    with pytest.raises(StorageError, match="no connection"):
        materialise(manifest, flaky, tmp_path / "out")
    assert flaky.read_bytes + again(manifest, store, tmp_path / "out") <= SIZE + 8 * MIB


def test_killed_and_run_again(manifest, store, tmp_path):
    """Whoever loses patience with a long pull would start from nothing."""
    out = tmp_path / "out"
    program = f"""
import os, signal, sys
from pathlib import Path
from tests.storage.test_partial import Flaky
from gitreg.core.digest import Digest
from gitreg.storage.checkout import materialise
from gitreg.storage.verified import read_manifest
store = Flaky(Path(sys.argv[1]), {SIZE // 2}, lambda: os.kill(os.getpid(), signal.SIGKILL))
materialise(read_manifest(store, Digest.from_hex(sys.argv[2])), store, Path(sys.argv[3]))
"""
    command = [sys.executable, "-c", program, str(store.root), manifest.digest.hex, str(out)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert again(manifest, store, out) <= SIZE // 2 + 12 * MIB


def test_what_was_kept_is_not_believed(manifest, store, tmp_path):
    """A file that somebody changed meanwhile would pass for verified."""
    out = tmp_path / "out"
    with pytest.raises(StorageError):
        materialise(manifest, Flaky(store.root, SIZE // 2, refuse), out)
    (kept,) = (out / TEMP_DIRECTORY / "partial").iterdir()
    data = bytearray(kept.read_bytes())
    data[5 * MIB] ^= 1
    kept.write_bytes(data)
    again(manifest, store, out)
    assert (out / "weights.bin").read_bytes() == (tmp_path / "source" / "weights.bin").read_bytes()


def test_a_link_in_its_place_leads_nowhere(manifest, store, tmp_path):
    """Whoever can write to a shared folder could have files moved out of it."""
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (out / TEMP_DIRECTORY).mkdir(parents=True)
    (out / TEMP_DIRECTORY / "partial").symlink_to(elsewhere)
    with pytest.raises(StorageError, match="no connection"):
        materialise(manifest, Flaky(store.root, SIZE // 2, refuse), out)
    assert list(elsewhere.iterdir()) == []


def test_a_full_disk_is_left_as_it_was(manifest, store, tmp_path):
    """What was kept would stop everything else on the machine."""

    def full():
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageError, match="No space left"):
        materialise(manifest, Flaky(store.root, SIZE // 2, full), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
