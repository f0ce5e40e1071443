"""Adding without a local copy: straight to the remote, or only hashed and sent by a later push."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from gitreg.api import Registry
from gitreg.core.limits import MIB
from gitreg.core.remote_url import RemoteUrl
from gitreg.errors import GitregError, RefusedError, SourceError, StorageError
from gitreg.operations.add import AddRequest
from gitreg.operations.fsck import FsckRequest
from gitreg.operations.pre_push import check_push
from gitreg.operations.pull import PullRequest
from gitreg.operations.remotes import add_remote
from gitreg.operations.status import ObjectsState
from gitreg.operations.take_in import Keep
from gitreg.storage.fsck import FaultKind, check_objects
from gitreg.storage.local import LocalStore
from gitreg.storage.transfer import ensure_complete
from gitreg.storage.verified import read_manifest
from tests.storage.crash import killed_at

FILES = {
    "weights.bin": random.Random(1).randbytes(6 * MIB),
    "large.bin": random.Random(2).randbytes(3 * MIB),
    **{f"data/{number:02}.bin": random.Random(number).randbytes(20_000) for number in range(12)},
}


@pytest.fixture(params=["embedded", "configured"])
def shared(request, world, registry: Registry) -> Registry:
    """ada's clone, sharing objects through either kind of remote."""
    if request.param == "configured":
        add_remote(registry.context, "cold", RemoteUrl.parse(f"file://{world.root}/cold"), default=True)
        world.sh("git", "commit", "-q", "-m", "A store")
        world.open().push()
    return world.open()


def added(world, registry: Registry, keep: Keep, files: dict[str, bytes] = FILES, **more):
    folder = world.write("mnist", files)
    return registry.add(AddRequest(folder, commit_message="Train", keep=keep, **more))


def place(registry: Registry) -> LocalStore:
    """Where the registry's objects are shared."""
    return LocalStore.open(Path(registry.push(objects_only=True).store))


def state(registry: Registry) -> ObjectsState:
    (model,) = registry.status().models
    return model.objects


def pulled(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_straight_to_the_remote(world, shared: Registry, tmp_path: Path):
    """The bytes would be on this disk twice, or nobody could pull what status calls pushed."""
    before = world.objects("work/.git")
    result = added(world, shared, Keep.SHARED)
    assert (result.transferred, result.new_chunks) == (result.size, result.chunks)
    assert world.objects("work/.git") == before
    assert state(shared) is ObjectsState.PUSHED
    shared.register("mnist", push=True)
    assert world.clone("clone").pull("mnist", PullRequest(tmp_path / "out")).manifest == result.manifest
    assert pulled(tmp_path / "out") == FILES
    assert shared.verify("mnist", data=True).ok
    assert shared.push().models == ()


def test_straight_to_the_remote_again_sends_and_reads_nothing(world, shared: Registry, monkeypatch):
    added(world, shared, Keep.SHARED)
    os.utime(shared.root / "models" / "mnist" / "weights.bin", ns=(0, 0))  # so that it must be hashed, and is settled
    shared.status()
    again = shared.add(AddRequest(shared.root / "models" / "mnist", keep=Keep.SHARED))
    assert (again.new_chunks, again.transferred) == (0, 0)


def test_an_object_that_the_remote_has_cut_off_is_sent_again(world, shared: Registry):
    added(world, shared, Keep.SHARED)
    store = place(shared)
    largest = max((store.root / "objects").glob("??/*"), key=lambda path: path.stat().st_size)
    largest.chmod(0o644)
    largest.write_bytes(largest.read_bytes()[:1000])
    again = shared.add(AddRequest(shared.root / "models" / "mnist", keep=Keep.SHARED))
    assert again.new_chunks == 1
    assert list(check_objects(store)) == []


def test_without_a_remote_nothing_is_hashed_or_written(world, registry: Registry):
    world.sh("git", "remote", "remove", "origin")
    folder = world.write("mnist", FILES)
    before = (registry.root / "models" / "mnist.gitreg").read_bytes()
    with pytest.raises(GitregError, match="no store to share objects through"):
        world.open().add(AddRequest(folder, keep=Keep.SHARED))
    assert (registry.root / "models" / "mnist.gitreg").read_bytes() == before


def test_nothing_goes_while_a_chunk_is_missing_and_nothing_is_here(world, shared: Registry):
    """Everybody would believe that the version is complete: a gc took a chunk before any ref named it."""
    manifest = added(world, shared, Keep.NOWHERE).manifest
    store = place(shared)
    store.remove([read_manifest(store, manifest).chunks[0].digest])
    before = world.refs("hub.git")
    with pytest.raises(StorageError, match="nothing was pushed"):
        world.open().push()
    tip = world.sh("git", "rev-parse", "HEAD").strip()
    with pytest.raises(RefusedError, match="not on the remote yet"):
        check_push(world.open().context, [f"refs/heads/main {tip} refs/heads/main {'0' * 40}"])
    assert world.refs("hub.git") == before
    world.open().add(AddRequest(shared.root / "models" / "mnist", keep=Keep.SHARED))
    world.open().push()
    assert world.refs("hub.git") != before


ADD = """
import gitreg
from pathlib import Path
from gitreg.operations.add import AddRequest
from gitreg.operations.take_in import Keep
gitreg.open(sys.argv[1]).add(AddRequest(Path(sys.argv[2]), keep=Keep(sys.argv[3])))
"""
PUSH = """
import gitreg
gitreg.open(sys.argv[1]).push()
"""


def is_sound(store: LocalStore, manifest) -> bool:
    """Every object whole, and the manifest only where its chunks are (W1, W2)."""
    named = store.present([manifest])
    return list(check_objects(store)) == [] and not (named and ensure_complete(read_manifest(store, manifest), store))


@pytest.mark.parametrize("rounds", [4, pytest.param(15, marks=pytest.mark.slow)])
def test_killed_on_the_way_to_the_remote_and_run_again(world, shared: Registry, rounds: int):
    """A torn upload would stay, or a rerun would send everything again or never get done (W1-W3)."""
    generator = random.Random(rounds)
    store = place(shared)
    kills = 0
    for number in range(rounds):
        files = {**FILES, "next.bin": generator.randbytes(MIB)}
        folder = world.write("mnist", files)
        kills += killed_at(generator.randrange(1, 40), ADD, shared.root, folder, "shared")
        here = shared.add(AddRequest(folder, keep=Keep.NOWHERE)).manifest
        assert is_sound(store, here)
        result = shared.add(AddRequest(folder, keep=Keep.SHARED, commit_message=f"Round {number}"))
        assert is_sound(store, result.manifest)
        assert store.present([result.manifest])
        assert state(shared) is ObjectsState.PUSHED
    assert kills


def test_only_hashed_and_pushed_later(world, shared: Registry, tmp_path: Path):
    """`--no-copy` would copy after all, or its bytes would never arrive."""
    before = world.objects("work/.git")
    result = added(world, shared, Keep.NOWHERE)
    assert (result.new_chunks, result.transferred) == (0, 0)
    assert world.objects("work/.git") == before
    assert state(shared) is ObjectsState.LOCAL
    assert not shared.status().clean
    shared.register("mnist", push=True)
    assert state(shared) is ObjectsState.PUSHED
    assert world.objects("work/.git") == before
    world.clone("clone").pull("mnist", PullRequest(tmp_path / "out"))
    assert pulled(tmp_path / "out") == FILES
    assert list((shared.root / ".git" / "gitreg" / "uncopied").glob("places/*")) == []
    assert list((shared.root / ".git" / "gitreg" / "uncopied").glob("objects/*/*")) == []


def test_fsck_takes_what_was_only_hashed_for_unpushed_and_not_for_lost(world, shared: Registry):
    """Somebody who is told that a version is lost may throw away the files, which are the only copy."""
    added(world, shared, Keep.NOWHERE)
    assert shared.fsck().ok
    assert "added without a copy" in world.said[-1]
    remote = "cold" if shared.context.config.remotes else "embedded"
    faults = shared.fsck(FsckRequest(remote)).faults
    assert {fault.kind for fault in faults} == {FaultKind.UNPUSHED}
    shared.register("mnist", push=True)
    assert shared.fsck(FsckRequest(remote)).ok


def test_a_single_file_only_hashed(shared: Registry, tmp_path: Path):
    file = shared.root / "net.onnx"
    file.write_bytes(FILES["weights.bin"])
    shared.add(AddRequest(file, commit_message="Add", keep=Keep.NOWHERE))
    shared.register("net", push=True)
    shared.pull("net", PullRequest(tmp_path / "out"))
    assert (tmp_path / "out" / "net.onnx").read_bytes() == FILES["weights.bin"]


def change_a_byte(folder: Path) -> None:
    data = bytearray((folder / "weights.bin").read_bytes())
    data[5_000_000] ^= 1
    (folder / "weights.bin").write_bytes(data)


def change_and_hide_it(folder: Path) -> None:
    """Size and times as before: only reading the bytes can tell."""
    before = (folder / "weights.bin").stat()
    change_a_byte(folder)
    os.utime(folder / "weights.bin", ns=(before.st_atime_ns, before.st_mtime_ns))


def cut_off(folder: Path) -> None:
    os.truncate(folder / "large.bin", 100)


def remove_a_small_one(folder: Path) -> None:
    (folder / "data" / "07.bin").unlink()


def put_a_pipe_there(folder: Path) -> None:
    (folder / "large.bin").unlink()
    os.mkfifo(folder / "large.bin")


def put_a_link_there(folder: Path) -> None:
    (folder / "large.bin").rename(folder.parent / "aside.bin")
    (folder / "large.bin").symlink_to(folder.parent / "aside.bin")


@pytest.mark.parametrize(
    "change",
    [change_a_byte, change_and_hide_it, cut_off, remove_a_small_one, put_a_pipe_there, put_a_link_there, shutil.rmtree],
)
def test_files_that_changed_after_they_were_hashed_are_refused(world, registry: Registry, change):
    """A version would be shared whose bytes nobody has, or other bytes under its name (W1, W5)."""
    result = added(world, registry, Keep.NOWHERE)
    refs = world.refs("hub.git")
    change(registry.root / "models" / "mnist")
    with pytest.raises(SourceError, match="has changed since it was added without a copy") as refused:
        registry.push()
    assert refused.value.hint
    store = LocalStore.open(world.root / "hub.git" / "gitreg")
    assert not store.present([result.manifest])
    assert list(check_objects(store)) == []
    assert world.refs("hub.git") == refs
    with pytest.raises(SourceError):
        registry.register("mnist")
    added(world, registry, Keep.NOWHERE)  # the files are put back as they were
    registry.register("mnist", push=True)
    assert store.present([result.manifest])


def test_only_the_newest_of_versions_only_hashed_is_sent(world, registry: Registry):
    """Training again in the same folder would make every later push fail."""
    first = added(world, registry, Keep.NOWHERE)
    second = added(world, registry, Keep.NOWHERE, {"weights.bin": b"trained again"})
    registry.push()
    store = LocalStore.open(world.root / "hub.git" / "gitreg")
    assert store.present([first.manifest, second.manifest]) == {second.manifest}
    assert any("older version of mnist is lost" in line for line in world.said)


def test_a_registered_version_only_hashed_must_not_get_lost(world, registry: Registry):
    """Its tag would be shared without its bytes (W1)."""
    added(world, registry, Keep.NOWHERE)
    registry.register("mnist")
    added(world, registry, Keep.NOWHERE, {"weights.bin": b"trained again"})
    with pytest.raises(SourceError, match="has changed"):
        registry.push()
    added(world, registry, Keep.NOWHERE)
    assert registry.push().models


def test_hashed_first_and_copied_later(world, registry: Registry):
    """The clone would not have the bytes that a plain add promises."""
    result = added(world, registry, Keep.NOWHERE)
    copied = added(world, registry, Keep.HERE)
    assert (copied.manifest, copied.transferred) == (result.manifest, result.size)
    shutil.rmtree(registry.root / "models" / "mnist")
    assert registry.push().models[0].transferred == result.size


@pytest.mark.parametrize("rounds", [3, pytest.param(15, marks=pytest.mark.slow)])
def test_a_push_of_what_was_only_hashed_is_killed_and_run_again(world, registry: Registry, rounds: int):
    generator = random.Random(rounds)
    store = LocalStore.open(world.root / "hub.git" / "gitreg")
    for number in range(rounds):
        result = added(world, registry, Keep.NOWHERE, {**FILES, "next.bin": generator.randbytes(MIB)})
        killed_at(generator.randrange(1, 40), PUSH, registry.root)
        assert is_sound(store, result.manifest)
        registry.push()
        assert is_sound(store, result.manifest)
        assert store.present([result.manifest]), number
