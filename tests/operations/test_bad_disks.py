"""Disks that are full or may not be written: one clear line, everything as it was, and the same command works later."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gitreg.api import Registry
from gitreg.errors import GitregError
from gitreg.operations.add import AddRequest
from gitreg.operations.garbage.gc import GcRequest
from gitreg.operations.pull import PullRequest


def mount(place: Path, *options: str) -> None:
    place.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *options, str(place)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"cannot mount anything here, so this is NOT tested: {done.stderr.strip()}")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB."""
    place = tmp_path / "small"
    mount(place, "-t", "tmpfs", "-o", "size=3m", "tmpfs")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def read_only(world) -> Iterator[Path]:
    """hub.git, which can be read and not be written, not even by root."""
    place = world.root / "hub.git"
    mount(place, "--bind", str(place))
    subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def one_line(error: pytest.ExceptionInfo[GitregError]) -> str:
    assert error.value.hint
    assert "\n" not in error.value.message
    return error.value.message + str(error.value.hint)


@pytest.fixture
def large(world, registry: Registry) -> Registry:
    world.train(registry, os.urandom(6 << 20))
    return registry


def test_no_room_for_what_is_added(world, registry: Registry, small: Path):
    store = registry.root / ".git" / "gitreg"
    shutil.copytree(store, small / "gitreg")
    shutil.rmtree(store)
    store.symlink_to(small / "gitreg")
    folder = world.write("big", {"w": os.urandom(6 << 20)})
    before = world.sh("git", "status", "--porcelain")
    with pytest.raises(GitregError) as error:
        registry.add(AddRequest(folder, commit_message="Add"))
    assert "space" in one_line(error)
    assert world.sh("git", "status", "--porcelain") == before
    assert not (folder.parent / "big.gitreg").exists()
    assert registry.verify(data=True).ok


def test_gc_makes_room_on_a_full_disk(world, registry: Registry, small: Path):
    """Who has no space left could not free any."""
    store = registry.root / ".git" / "gitreg"
    folder = world.write("other", {"w": os.urandom(1 << 20)})
    registry.add(AddRequest(folder))
    world.sh("git", "rm", "-q", "-f", "--cached", "models/other.gitreg")
    folder.with_name("other.gitreg").unlink()
    shutil.copytree(store, small / "gitreg")
    shutil.rmtree(store)
    store.symlink_to(small / "gitreg")
    with pytest.raises(OSError, match="No space"):
        (small / "ballast").write_bytes(bytes(4 << 20))
    free = shutil.disk_usage(small).free
    done = world.open().gc(GcRequest(timedelta(0), force=True))
    assert done.delete.bytes > 1 << 20
    assert shutil.disk_usage(small).free - free > 1 << 20
    assert registry.verify(data=True).ok


def test_no_room_where_it_is_pulled_to(large: Registry, small: Path):
    large.register("mnist")
    with pytest.raises(GitregError) as error:
        large.pull("mnist", PullRequest(small / "out"))
    assert "space" in one_line(error)
    assert not (small / "out" / "weights.bin").exists()


def test_no_room_in_the_cache(large: Registry, small: Path, world, monkeypatch: pytest.MonkeyPatch):
    large.register("mnist")
    monkeypatch.setenv("GITREG_CACHE", str(small / "cache"))
    with pytest.raises(GitregError) as error:
        world.open().path("mnist")
    assert "space" in one_line(error)
    monkeypatch.delenv("GITREG_CACHE")
    assert (world.open().path("mnist") / "weights.bin").stat().st_size == 6 << 20


def test_no_room_on_the_shared_side(world, large: Registry, small: Path):
    store = world.root / "hub.git" / "gitreg"
    before = world.refs("hub.git")
    store.rename(world.root / "kept")
    store.symlink_to(small / "gitreg")
    shutil.copytree(world.root / "kept", small / "gitreg")
    with pytest.raises(GitregError) as error:
        large.push()
    assert "space" in one_line(error)
    assert world.refs("hub.git") == before
    store.unlink()
    (world.root / "kept").rename(store)
    assert large.push().refs == ("refs/heads/main",)


def test_a_shared_side_that_may_not_be_written(world, large: Registry, read_only: Path):
    before = world.refs("hub.git")
    with pytest.raises(GitregError, match="Read-only") as error:
        large.push()
    one_line(error)
    assert world.refs("hub.git") == before
    assert large.fetch().refused == ()
    assert world.clone("clone").pull("mnist@v1.0.0", PullRequest(world.root / "out")).verified


def test_a_clone_that_may_not_be_written_can_still_be_asked(world, registry: Registry):
    registry.promote("mnist", "dev")
    place = registry.root
    mount(place, "--bind", str(place))
    subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)
    try:
        asked = world.open()
        assert str(asked.which("mnist", "dev").version) == "v1.0.0"
        assert asked.verify().ok
        assert asked.models()[0].model == "mnist"
        assert (asked.path("mnist") / "weights.bin").is_file()
        with pytest.raises(GitregError) as error:
            asked.promote("mnist", "staging")
        assert "\n" not in error.value.message
        done = subprocess.run(
            [sys.executable, "-m", "gitreg", "promote", "mnist", "staging"], cwd=place, capture_output=True, check=False
        )
        assert (done.returncode, b"Traceback" in done.stderr) == (1, False)
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
