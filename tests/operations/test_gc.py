"""gc: everything that anything names stays, what nothing names goes after its grace, and blindness stops it."""

from __future__ import annotations

import os
import shutil
import time
from datetime import timedelta
from pathlib import Path

import pytest

from gitreg.api import Registry
from gitreg.core.digest import Digest
from gitreg.operations.garbage.gc import GcRequest
from tests.operations.collecting import FORCE, add, age, complete, local, sweep
from tests.storage.helpers import object_file


@pytest.fixture
def orphan(world, registry: Registry) -> Digest:
    """An artifact whose pointer is gone from everywhere; only its objects are left."""
    manifest = add(world, registry, os.urandom(50_000), "orphan")
    world.sh("git", "rm", "-q", "-f", "--cached", "models/orphan.gitreg")
    (registry.root / "models" / "orphan.gitreg").unlink()
    return manifest


def test_what_nothing_names_goes_and_the_rest_stays(registry: Registry, orphan: Digest):
    """Old experiments would fill the disk, or a version be lost."""
    kept = registry.version("mnist").manifest
    planned = sweep(registry, GcRequest())
    assert (planned.deleted, planned.delete.objects) == (False, 2)
    assert complete(registry, orphan)
    done = sweep(registry)
    assert (done.deleted, done.delete) == (True, planned.delete)
    assert not local(registry).present([orphan])
    assert complete(registry, kept)
    assert sweep(registry).delete.objects == 0
    assert not (registry.context.repo.local_state / "doomed").exists()


def test_what_was_used_within_the_grace_stays(registry: Registry, orphan: Digest):
    """An add that still runs, or a pointer not written yet, would lose its bytes."""
    assert registry.gc(FORCE).delete.objects == 0
    age(local(registry), 13)
    assert registry.gc(FORCE).delete.objects == 0
    assert registry.gc(GcRequest(timedelta(days=15), force=True)).delete.objects == 0
    assert registry.gc(GcRequest(timedelta(days=12), force=True)).delete.objects == 2
    assert not local(registry).present([orphan])


def test_age_is_by_the_clock_of_the_store(registry: Registry, orphan: Digest, monkeypatch: pytest.MonkeyPatch):
    """A host whose clock runs ahead would delete what was written a minute ago."""
    monkeypatch.setattr(time, "time", lambda: 4e9)
    monkeypatch.setattr(time, "time_ns", lambda: 4 * 10**18)
    assert registry.gc(FORCE).delete.objects == 0


BACK = ("git reset -q --hard HEAD~1", "git reflog expire --expire=now --all")
NAMED = {
    "an old commit": ("git rm -q models/other.gitreg", "git commit -q -m gone"),
    "a branch": ("git branch side", *BACK),
    "a tag": ("git tag -a -m kept kept", *BACK),
    "a remote's branch": ("git update-ref refs/remotes/origin/theirs HEAD", *BACK),
    "a private ref": ("git update-ref refs/gitreg/remotes/origin/x HEAD", *BACK),
    "a tree": ("git update-ref refs/odd/tree HEAD^{tree}", *BACK),
    "a reflog": BACK[:1],
    "what a merge dropped": (
        "git branch side",
        BACK[0],
        "git commit -q --allow-empty -m x",
        "git merge -q -s ours -m m side",
        "git branch -q -D side",
        BACK[1],
    ),
    "another work tree's head": ("git worktree add -q --no-checkout --detach ../elsewhere HEAD", *BACK),
}


@pytest.mark.parametrize("commands", NAMED.values(), ids=NAMED.keys())
def test_whatever_git_still_reaches_stays(world, registry: Registry, commands: tuple[str, ...]):
    """A version that a ref reaches would lose its bytes (W4)."""
    manifest = add(world, registry, b"reached" * 9999, commit_message="Other")
    for command in commands:
        world.sh(*command.split(" "))
    assert not (registry.root / "models" / "other.gitreg").exists()
    assert sweep(registry).delete.objects == 0
    assert complete(registry, manifest)


def test_a_stash_below_another_stays(world, registry: Registry):
    """Only the newest stash is a ref; the others live in its reflog."""
    manifests = []
    for number in range(2):
        manifests.append(add(world, registry, bytes([number]) * 99_999))
        world.sh("git", "stash", "-q", "--include-untracked")
    assert sweep(registry).delete.objects == 0
    assert all(complete(registry, manifest) for manifest in manifests)


def test_staged_and_untracked_pointers_stay(world, registry: Registry):
    """`gc` between `add` and `git commit` would lose the work of the day."""
    staged = add(world, registry, b"staged" * 9999)
    untracked = add(world, registry, b"untracked" * 9999)
    world.sh("git", "update-index", "--cacheinfo", f"100644,{_blob(world, staged)},models/other.gitreg")
    assert sweep(registry).delete.objects == 0
    assert complete(registry, staged)
    assert complete(registry, untracked)
    (registry.root / "models" / "other.gitreg").unlink()
    world.sh("git", "rm", "-q", "-f", "--cached", "models/other.gitreg")
    assert sweep(registry).delete.objects == 4


def _blob(world, manifest: Digest) -> str:
    text = f'[artifact]\nname = "other"\nmanifest = "{manifest}"\n'
    return world.sh("git", "hash-object", "-w", "--stdin", stdin=text.encode()).strip()


def test_both_sides_of_a_conflict_stay(world, registry: Registry):
    """While people merge, a pointer is no pointer; what either side names must not go."""
    ours = add(world, registry, b"ours" * 9999)
    pointer = registry.root / "models" / "other.gitreg"
    mine = pointer.read_text()
    theirs = add(world, registry, b"theirs" * 9999)
    pointer.write_text(f"<<<<<<< ours\n{mine}=======\n{pointer.read_text()}>>>>>>> theirs\n")
    world.sh("git", "rm", "-q", "-f", "--cached", "models/other.gitreg")
    assert sweep(registry).delete.objects == 0
    assert complete(registry, ours)
    assert complete(registry, theirs)


def test_pointers_of_another_work_tree_stay(world, registry: Registry):
    """Work trees share one store; gc in one would empty the other."""
    world.sh("git", "worktree", "add", "-q", "../linked", "-b", "linked")
    linked = world.open("linked")
    manifest = add(world, linked, b"linked" * 9999)
    world.sh("git", "rm", "-q", "--cached", "models/other.gitreg", cwd="linked")
    assert sweep(registry).delete.objects == 0
    assert complete(registry, manifest)
    shutil.move(world.root / "linked", world.root / "unplugged")
    result = sweep(registry)
    assert "not there" in result.blocked[0].reason
    assert complete(registry, manifest)
    world.sh("git", "worktree", "prune")
    assert sweep(registry).delete.objects == 2


def test_an_ignored_pointer_stays(world, registry: Registry):
    """An ignore rule written later would give up the bytes."""
    manifest = add(world, registry, b"ignored" * 9999)
    world.sh("git", "rm", "-q", "--cached", "models/other.gitreg")
    (registry.root / ".gitignore").write_text("models/\n")
    assert sweep(registry).delete.objects == 0
    assert complete(registry, manifest)


BLIND = {
    "shallow": "git fetch -q --depth=1 origin main",
    "partial": "git config remote.origin.promisor true",
    "grafts": "cp .git/HEAD .git/info/grafts",
}


@pytest.mark.parametrize("command", BLIND.values(), ids=BLIND.keys())
def test_who_cannot_see_everything_deletes_nothing(world, registry: Registry, orphan: Digest, command: str):
    """What hidden history names would be taken for garbage."""
    (registry.root / ".git" / "info").mkdir(exist_ok=True)
    if "fetch" in command:
        world.sh("git", "remote", "set-url", "origin", f"file://{world.root}/hub.git")
        world.train(registry, b"second")
        registry.push()
    world.sh(*command.split(" "))
    result = sweep(registry)
    assert [blocked.what for blocked in result.blocked] == ["gc"]
    assert (result.delete.objects, result.deleted) == (0, False)
    assert complete(registry, orphan)


def test_a_damaged_repository_stops_it(world, registry: Registry, orphan: Digest):
    """A pointer that Git cannot read may name what would go."""
    blob = world.sh("git", "rev-parse", "HEAD:models/mnist.gitreg").strip()
    (registry.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    assert sweep(registry).blocked[0].what == "gc"
    assert complete(registry, orphan)


def test_a_damaged_manifest_stops_it(registry: Registry, orphan: Digest, flipped):
    """The chunks of a version whose manifest cannot be read now would be lost for good."""
    manifest = registry.version("mnist").manifest
    flipped(object_file(local(registry), manifest))
    result = sweep(registry)
    assert str(manifest) in result.blocked[0].reason
    assert len(list(local(registry).names())) == 4


def test_every_kept_name_has_its_reason(world, registry: Registry):
    """Nobody would know why the disk stays full."""
    add(world, registry, b"staged" * 9999)
    reasons = {(kept.ref, kept.reason) for kept in registry.gc().keep}
    assert ("mnist@v1.0.0", "named by this ref") in reasons
    assert ("models/mnist.gitreg", "at the tip of a branch") in reasons
    assert ("models/other.gitreg", "staged") in reasons


def test_what_killed_writers_left_is_cleared(registry: Registry):
    """Half-written objects of a crash would stay for ever."""
    root = registry.context.repo.local_state
    stale = root / "tmp" / "dead"
    stale.mkdir(parents=True)
    (stale / "lock").touch()
    (stale / "half").write_bytes(b"half an object")
    nascent = root / "stat-cache" / "0123.new"
    nascent.parent.mkdir(exist_ok=True)
    nascent.touch()
    os.utime(nascent, (1, 1))
    registry.gc()
    assert stale.exists()
    registry.gc(FORCE)
    assert not (root / "tmp").exists()
    assert not nascent.exists()


def test_the_objects_of_a_wrong_clone_are_not_touched(registry: Registry, tmp_path: Path):
    """Strangers' files beside objects are nobody's garbage."""
    stranger = registry.context.repo.local_state / "objects" / "ab" / "notes.txt"
    stranger.parent.mkdir(exist_ok=True)
    stranger.write_text("mine")
    os.utime(stranger, (1, 1))
    sweep(registry)
    assert stranger.exists()
