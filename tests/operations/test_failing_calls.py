"""The kernel says EIO or ENOSPC to the real program: one line, nothing false recorded, and it goes on later.

The calls fail where the kernel would let them fail, for C code and git too; no device has to be broken for it.
"""

from __future__ import annotations

import errno
import random
import sys
from pathlib import Path

import pytest

from gitreg.api import Registry
from gitreg.core.digest import Digest
from gitreg.core.pointer import parse_pointer
from gitreg.operations.add import AddRequest
from gitreg.storage.fsck import check_objects
from gitreg.storage.layout import object_path
from gitreg.storage.local import LocalStore
from gitreg.storage.transfer import ensure_complete
from gitreg.storage.verified import read_manifest
from tests.storage.tracing import Call, need_tracing, traced

PROGRAM = [sys.executable, "-B", "-m", "gitreg"]
READS = {"read", "pread64", "readv", "preadv"}
CHANGES = {"write", "pwrite64", "ftruncate", "fsync", "rename", "renameat", "mkdir", "mkdirat"}
FILES = {"weights.bin": random.Random(4).randbytes(2_000_000), "small": b"s" * 5000}
ROUNDS = [3, pytest.param(12, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])]


class BadSector:
    """Reading one file fails."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.hits = 0

    def before(self, call: Call) -> int:
        if call.name in READS and call.file(0) == self.path:
            self.hits += 1
            return errno.EIO
        return 0

    def after(self, call: Call) -> None:
        pass


class FailingChange:
    """From the n-th change below a directory on, all changes fail, as on a disk that is full or dying."""

    def __init__(self, root: Path, moment: int, error: int) -> None:
        self.root, self.left, self.error = str(root), moment, error

    def before(self, call: Call) -> int:
        if call.name not in CHANGES or not self._where(call).startswith(self.root):
            return 0
        self.left -= 1
        return self.error if self.left < 0 else 0

    def after(self, call: Call) -> None:
        pass

    def _where(self, call: Call) -> str:
        if call.name in {"rename", "mkdir"}:
            return call.path(0)
        return call.path(1, 0) if call.name in {"renameat", "mkdirat"} else call.file(0)


def run(world, watcher, *command: str) -> tuple[int, str]:
    need_tracing()
    code, said = traced([*PROGRAM, *command], world.root / "work", watcher)
    assert "Traceback" not in said, said
    return code, said


def chunk_of(registry: Registry) -> Digest:
    store = LocalStore.open(registry.context.repo.local_state)
    return read_manifest(store, registry.version("mnist").manifest).chunks[0].digest


def test_a_source_that_cannot_be_read(world, registry: Registry):
    """A hole in a file would be recorded as the file."""
    folder = world.write("mnist", FILES)
    pointer = folder.with_name("mnist.gitreg")
    before = pointer.read_bytes()
    disk = BadSector(folder / "weights.bin")
    code, said = run(world, disk, "add", "models/mnist")
    assert (code, "Input/output error" in said, disk.hits > 0) == (1, True, True)
    assert pointer.read_bytes() == before
    assert run(world, BadSector(Path("/none")), "add", "models/mnist")[0] == 0


def test_an_object_that_cannot_be_read_comes_from_the_shared_store(world, registry: Registry, tmp_path: Path):
    """One bad sector would stop a host although the bytes are at hand."""
    place = object_path(chunk_of(registry))
    here, there = (world.root / where / place for where in ("work/.git/gitreg", "hub.git/gitreg"))
    disk = BadSector(here)
    code, said = run(world, disk, "pull", "mnist@v1.0.0", "-o", str(tmp_path / "out"))
    assert (code, disk.hits > 0) == (0, True), said
    there.unlink()
    (tmp_path / "out" / "weights.bin").unlink()
    (registry.root / "models" / "mnist" / "weights.bin").unlink()
    code, said = run(world, disk, "pull", "mnist@v1.0.0", "-o", str(tmp_path / "out"))
    assert (code, "Input/output error" in said) == (1, True), said
    assert not (tmp_path / "out" / "weights.bin").exists()


def test_fsck_names_what_cannot_be_read(world, registry: Registry):
    """The check itself would fall over the first bad sector."""
    disk = BadSector(world.root / "work/.git/gitreg" / object_path(chunk_of(registry)))
    (world.root / "hub.git" / "gitreg").rename(world.root / "away")
    code, _ = run(world, disk, "fsck")
    assert (code, disk.hits > 0) == (1, True)


def test_gc_does_not_go_on_past_a_manifest_it_cannot_read(world, registry: Registry):
    """All chunks of that version would be taken for garbage."""
    manifest = registry.version("mnist").manifest
    store = LocalStore.open(registry.context.repo.local_state)
    disk = BadSector(store.root / object_path(manifest))
    code, _ = run(world, disk, "gc", "--grace", "0 days", "--force")
    assert (code, disk.hits > 0) == (1, True)
    assert ensure_complete(read_manifest(store, manifest), store) == []


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO], ids=["full", "dying"])
def test_add_on_a_disk_that_fails_at_any_moment(world, registry: Registry, rounds: int, error: int):
    """A pointer would name what is not there, or a traceback be all that the user gets."""
    pointer = world.write("mnist", FILES).with_name("mnist.gitreg")
    generator = random.Random(rounds)
    failures = 0
    for number in range(rounds):
        world.write("mnist", FILES | {"small": b"%d" % number * 3000})
        before = pointer.read_bytes()
        code, said = run(world, FailingChange(world.root, generator.randrange(45), error), "add", "models/mnist")
        failures += code
        assert code in {0, 1}, said
        store = LocalStore.open(registry.context.repo.local_state)
        assert list(check_objects(store)) == []
        named = parse_pointer(pointer.read_bytes(), "mnist").manifest
        assert ensure_complete(read_manifest(store, named), store) == []
        assert code == 1 or pointer.read_bytes() != before
        world.sh("rm", "-f", ".git/index.lock")  # git could not remove its own lock either
        registry.add(AddRequest(registry.root / "models" / "mnist"))
    assert failures


@pytest.mark.parametrize("rounds", ROUNDS)
def test_gc_on_a_disk_that_fails_at_any_moment(world, registry: Registry, rounds: int):
    """What was moved aside would stay lost, although something needs it."""
    generator = random.Random(rounds)
    kept = registry.version("mnist").manifest
    store = LocalStore.open(registry.context.repo.local_state)
    for _ in range(rounds):
        store.write(Digest.of(data := generator.randbytes(9000)), data)
        store.flush()
        run(
            world, FailingChange(world.root, generator.randrange(8), errno.ENOSPC), "gc", "--grace", "0 days", "--force"
        )
        store = LocalStore.open(registry.context.repo.local_state)
        assert ensure_complete(read_manifest(store, kept), store) == []
        assert list(check_objects(store)) == []


@pytest.mark.parametrize("rounds", ROUNDS)
def test_pull_to_a_disk_that_fails_at_any_moment(world, registry: Registry, tmp_path: Path, rounds: int):
    """A cut-off file would stand under its real name."""
    generator = random.Random(rounds)
    right = {path.name: path.read_bytes() for path in (registry.root / "models" / "mnist").iterdir()}
    for number in range(rounds):
        out = tmp_path / f"out{number}"
        disk = FailingChange(out, generator.randrange(12), errno.ENOSPC)
        code, said = run(world, disk, "pull", "mnist@v1.0.0", "-o", str(out))
        assert code in {0, 1}, said
        found = {path.name: path.read_bytes() for path in out.glob("[!.]*")}
        assert found.items() <= right.items()
        assert code == 1 or found == right
        assert run(world, FailingChange(Path("/none"), 0, 0), "pull", "mnist@v1.0.0", "-o", str(out))[0] == 0
        assert {path.name: path.read_bytes() for path in out.iterdir()} == right
