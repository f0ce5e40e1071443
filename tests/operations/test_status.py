"""Status: each way in which bytes, pointer, HEAD and the shared store can differ is told apart."""

from __future__ import annotations

import os
import shutil

from gitreg.api import Registry
from gitreg.operations.add import AddRequest
from gitreg.operations.status import BytesState, ObjectsState, PointerState


def only(registry: Registry):
    (model,) = registry.status().models
    return model.bytes, model.pointer_state, model.objects


def test_everything_in_place(registry: Registry):
    assert only(registry) == (BytesState.SAME, PointerState.COMMITTED, ObjectsState.PUSHED)
    assert registry.status().clean


def test_bytes_that_differ_from_the_pointer(registry: Registry):
    (registry.root / "models" / "mnist" / "weights.bin").write_bytes(b"other")
    assert only(registry)[0] is BytesState.CHANGED
    assert not registry.status().clean


def test_a_change_that_keeps_size_and_time_is_seen(registry: Registry):
    file = registry.root / "models" / "mnist" / "weights.bin"
    registry.status()
    before, data = file.stat(), bytearray(file.read_bytes())
    data[0] ^= 1
    file.write_bytes(data)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert only(registry)[0] is BytesState.CHANGED


def test_a_clone_without_the_bytes_is_clean(world):
    clone = world.clone("clone")
    assert only(clone) == (BytesState.ABSENT, PointerState.COMMITTED, ObjectsState.PUSHED)
    assert clone.status().clean


def test_a_pointer_not_committed_yet(world, registry: Registry):
    world.write("mnist", {"weights.bin": b"new"})
    registry.add(AddRequest(registry.root / "models" / "mnist"))
    assert only(registry) == (BytesState.SAME, PointerState.MODIFIED, ObjectsState.LOCAL)
    world.sh("git", "commit", "-q", "-a", "-m", "New")
    assert only(registry) == (BytesState.SAME, PointerState.COMMITTED, ObjectsState.LOCAL)
    assert not registry.status().clean
    registry.push()
    assert registry.status().clean


def test_objects_that_are_nowhere(world, registry: Registry):
    for store in ("work/.git/gitreg/objects", "hub.git/gitreg/objects"):
        shutil.rmtree(world.root / store)
        (world.root / store).mkdir()
    assert only(registry)[2] is ObjectsState.MISSING


def test_a_store_that_cannot_be_reached_is_said_and_does_not_stop_the_rest(world, registry: Registry):
    (world.root / "hub.git").rename(world.root / "away")
    assert only(registry) == (BytesState.SAME, PointerState.COMMITTED, ObjectsState.UNKNOWN)
    assert "the remote was not asked" in world.said[0]


def test_a_malformed_pointer_is_one_line_among_the_others(world, registry: Registry):
    world.train(registry, b"x", "other")
    (registry.root / "models" / "other.gitreg").write_text("[artifact\n")
    mnist, other = registry.status().models
    assert (other.pointer_state, other.model) == (PointerState.MALFORMED, None)
    assert "line 1" in other.detail
    assert mnist.bytes is BytesState.SAME
