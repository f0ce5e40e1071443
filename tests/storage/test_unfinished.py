"""Shared checkouts that were cut short: gone on with by one process, believed by none, and not kept for ever."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gitreg.core.limits import MIB
from gitreg.errors import StorageError
from gitreg.storage.cache import checkout_path
from gitreg.storage.cache_prune import CacheLimits, prune
from gitreg.storage.ingest import ingest
from tests.storage.helpers import contents
from tests.storage.test_cache import SCRIPT, read_only
from tests.storage.test_partial import Flaky, refuse

SIZE = 8 * MIB
FILES = ("a.bin", "b.bin", "sub/c.bin")


@pytest.fixture
def source(tmp_path):
    root = tmp_path / "source"
    (root / "sub").mkdir(parents=True)
    for seed, name in enumerate(FILES):
        (root / name).write_bytes(random.Random(seed).randbytes(SIZE))
    return root


@pytest.fixture
def manifest(source, store):
    return ingest(source, store).manifest


@pytest.fixture
def root(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def left(root, manifest):
    """Where an unfinished checkout is found."""
    place = root / "unfinished" / manifest.digest.hex
    place.mkdir(parents=True)
    return place


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.storage.test_unfinished import SIZE, Flaky
from gitreg.core.digest import Digest
from gitreg.storage.cache import checkout_path
from gitreg.storage.verified import read_manifest
store = Flaky(Path(sys.argv[1]), 2 * SIZE, lambda: os.kill(os.getpid(), signal.SIGKILL))
checkout_path(read_manifest(store, Digest.from_hex(sys.argv[2])), store, Path(sys.argv[3]))
"""


def run(program: str, store, manifest, root) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, str(store.root), manifest.digest.hex, str(root)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def again(store, manifest, root) -> int:
    """Bytes that the next attempt reads from the store."""
    counting = Flaky(store.root, 8 * SIZE, refuse)
    place = checkout_path(manifest, counting, root)
    assert sorted(path.name for path in root.iterdir()) == ["checkouts", "looks", "unfinished"]
    assert [list((root / part).iterdir()) for part in ("checkouts", "unfinished")] == [[place], []]
    return counting.read_bytes


def killed(store, manifest, root) -> None:
    process = run(KILLED, store, manifest, root)
    assert process.wait() == -signal.SIGKILL


def test_only_the_rest_is_read_after_a_kill(source, store, manifest, root):
    """A serving host that is restarted in the middle would fetch all of a model again."""
    killed(store, manifest, root)
    assert again(store, manifest, root) <= 2 * SIZE
    assert read_only(contents(root / "checkouts" / manifest.digest.hex)) == read_only(contents(source))


def test_two_at_once_after_a_kill(source, store, manifest, root):
    """Both would write to the same files, or one would take them away from the other."""
    killed(store, manifest, root)
    processes = [run(SCRIPT, store, manifest, root) for _ in range(2)]
    (place,) = {process.communicate()[0].strip() for process in processes}
    assert [process.returncode for process in processes] == [0, 0]
    assert read_only(contents(Path(place))) == read_only(contents(source))
    assert [path.name for path in (root / "checkouts").iterdir()] == [manifest.digest.hex]


def test_what_somebody_is_building_is_not_taken_away(source, store, manifest, root):
    """Two processes would fill the same files."""
    slow = KILLED.replace("os.kill(os.getpid(), signal.SIGKILL)", "print(flush=True) or sys.stdin.read()")
    process = run(slow, store, manifest, root)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        checkout_path(manifest, store, root)
        assert not (root / "unfinished").exists()
        assert list((root / "checkouts").glob("tmp/*/*/*"))
    finally:
        process.kill()
        process.communicate()


def wrong_bytes(left: Path, _elsewhere: Path) -> None:
    (left / "sub").mkdir()
    (left / "sub/c.bin").write_bytes(bytes(SIZE))
    (left / "sub").chmod(0o555)


def file_for_directory(left: Path, _elsewhere: Path) -> None:
    (left / "sub").write_bytes(b"")


def directory_for_file(left: Path, _elsewhere: Path) -> None:
    (left / "a.bin" / "x").mkdir(parents=True)
    (left / "a.bin" / "x" / "y").write_bytes(b"")


def more(left: Path, _elsewhere: Path) -> None:
    (left / "modeling.py").write_bytes(b"print('run with the model')")


def more_beside_half_written_files(left: Path, _elsewhere: Path) -> None:
    (left / ".gitreg-tmp" / "x").mkdir(parents=True)
    (left / ".gitreg-tmp" / "x" / "y").write_bytes(b"")


def link(left: Path, elsewhere: Path) -> None:
    (left / "sub").symlink_to(elsewhere)


def linked_whole(left: Path, elsewhere: Path) -> None:
    left.rmdir()
    left.symlink_to(elsewhere)


def linked_area(left: Path, elsewhere: Path) -> None:
    (left / ".gitreg-tmp").symlink_to(elsewhere)


def a_file(left: Path, _elsewhere: Path) -> None:
    left.rmdir()
    left.write_bytes(b"")


GARBAGE = [
    wrong_bytes,
    file_for_directory,
    directory_for_file,
    more,
    more_beside_half_written_files,
    link,
    linked_whole,
    linked_area,
    a_file,
]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_is_not_believed(source, store, manifest, root, left, tmp_path, garbage):
    """What somebody has put there would be loaded as verified, or be in the way for ever."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    garbage(left, elsewhere)
    again(store, manifest, root)
    place = root / "checkouts" / manifest.digest.hex
    assert read_only(contents(place)) == read_only(contents(source))
    assert sorted(path.name for path in place.iterdir()) == ["a.bin", "b.bin", "sub"]
    assert (list(elsewhere.iterdir()), elsewhere.stat().st_mode & 0o777) == ([], 0o700)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make another's files")
def test_what_another_user_has_left_stays_his(source, store, manifest, root, left):
    """Its owner could change the files after they were verified."""
    (left / "a.bin").write_bytes((source / "a.bin").read_bytes())
    os.chown(left, 65534, 65534)
    checkout_path(manifest, store, root)
    assert [path.name for path in left.iterdir()] == ["a.bin"]


def test_a_lost_connection_costs_only_the_rest(store, manifest, root):
    """A network that fails once an hour would never let a large model through."""
    with pytest.raises(StorageError, match="no connection"):
        checkout_path(manifest, Flaky(store.root, 2 * SIZE, refuse), root)
    assert again(store, manifest, root) <= 2 * SIZE


def test_a_full_disk_is_left_as_it_was(store, manifest, root):
    """What was kept would stop everything else on the machine."""

    def full():
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageError, match="No space left"):
        checkout_path(manifest, Flaky(store.root, 2 * SIZE, full), root)
    assert [list(part.iterdir()) for part in root.iterdir()] == [[]]


def test_what_nobody_goes_on_with_is_pruned(store, manifest, root):
    """Half of a model that nobody asks for again would fill the disk for ever."""
    killed(store, manifest, root)
    assert prune(root, CacheLimits(max_bytes=0)).removed == ()  # somebody may be about to run it again
    (left,) = (root / "unfinished").iterdir()
    assert prune(root, CacheLimits(max_bytes=2 * SIZE, spared_seconds=0)).removed == ()
    (removed,) = prune(root, CacheLimits(max_bytes=0, spared_seconds=0)).removed
    assert (removed.manifest, removed.path) == (manifest.digest, left)
    assert [list(part.iterdir()) for part in root.iterdir()] == [[], []]
