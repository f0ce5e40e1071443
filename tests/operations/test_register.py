"""Register: which version a commit becomes, and what may not become one."""

from __future__ import annotations

import pytest

from gitreg.api import Registry
from gitreg.errors import NotARegistryError, NotFoundError, RefusedError, StorageError, UsageError


def test_the_first_version_and_the_ones_after_it(world, registry: Registry):
    world.train(registry, b"two")
    assert registry.register("mnist").version.__str__() == "v1.1.0"
    world.train(registry, b"three")
    assert str(registry.register("mnist", bump="patch").version) == "v1.1.1"
    world.train(registry, b"four")
    assert str(registry.register("mnist", bump="major").version) == "v2.0.0"


def test_an_explicit_version_may_fill_a_gap(world, registry: Registry):
    world.train(registry, b"two")
    registry.register("mnist", version="v3.0.0")
    world.train(registry, b"three")
    made = registry.register("mnist", version="v0.9.0")
    assert (str(made.version), made.by) == ("v0.9.0", "person@example.com")
    assert str(registry.version("mnist").version) == "v3.0.0"


@pytest.mark.parametrize("version", ["v1", "v1.2", "v01.0.0", "v1.0.0-rc1", "v1.0.0\n", "v99999999999.0.0", ""])
def test_a_version_that_is_none_is_a_usage_mistake(registry: Registry, version: str):
    with pytest.raises(UsageError):
        registry.register("mnist", version=version)


def test_a_version_that_exists_is_never_made_again(world, registry: Registry):
    world.train(registry, b"two")
    before = world.refs()
    with pytest.raises(RefusedError, match="exists already"):
        registry.register("mnist", version="v1.0.0")
    assert world.refs() == before


def test_a_commit_is_not_registered_twice_by_a_slip(world, registry: Registry):
    with pytest.raises(RefusedError, match=r"mnist@v1\.0\.0 already"):
        registry.register("mnist")
    assert str(registry.register("mnist", bump="patch").version) == "v1.0.1"


def test_what_is_registered_is_head_and_that_is_said(world, registry: Registry):
    pointer = registry.root / "models" / "mnist.gitreg"
    world.train(registry, b"two")
    committed = pointer.read_bytes()
    pointer.write_text(pointer.read_text().replace("0.95", "0.99"))
    registry.register("mnist")
    assert "not committed" in world.said[0]
    assert registry.version("mnist").metrics == {"accuracy": 0.95}
    assert pointer.read_bytes() != committed


def test_bytes_that_nobody_has_are_not_registered(world, registry: Registry):
    world.train(registry, b"two" * 1000)
    largest = world.objects("work/.git")[-1]
    for path in world.objects("work/.git"):
        path.unlink()
    assert largest
    with pytest.raises(StorageError, match="neither here nor on the remote") as refused:
        registry.register("mnist")
    assert refused.value.hint
    assert "v1.1.0" not in world.refs()


@pytest.mark.parametrize("who", ["mallory", "eve", "bob"])
def test_who_may_not_register_signs_nothing(world, who: str):
    registry = world.open(who=who)
    world.train(registry, b"two")
    before = world.refs("work", "refs/tags", "refs/gitreg")
    with pytest.raises(RefusedError, match="would not be accepted"):
        registry.register("mnist")
    assert world.refs("work", "refs/tags", "refs/gitreg") == before


def test_a_commit_beside_the_protected_branch_is_refused(world, registry: Registry):
    world.sh("git", "switch", "-q", "-c", "feature")
    world.train(registry, b"two")
    with pytest.raises(RefusedError, match="branch") as refused:
        registry.register("mnist")
    assert "merge" in str(refused.value.hint)


def test_on_a_detached_head_the_commit_counts_not_the_branch(world, registry: Registry):
    world.sh("git", "checkout", "-q", "--detach")
    with pytest.raises(RefusedError, match=r"is mnist@v1\.0\.0 already"):
        registry.register("mnist")


def test_without_any_commit_there_is_nothing_to_register(world, registry: Registry):
    world.sh("git", "checkout", "-q", "--orphan", "empty")
    with pytest.raises(NotARegistryError, match="no commits yet"):
        registry.register("mnist")


def test_a_model_without_a_committed_pointer(registry: Registry):
    with pytest.raises(NotFoundError, match="no pointer of 'nope'"):
        registry.register("nope")


def test_two_models_may_be_registered_from_one_commit(world, registry: Registry):
    world.train(registry, b"other", name="other")
    assert str(registry.register("other").version) == "v1.0.0"
    assert str(registry.register("mnist").version) == "v1.1.0"
    assert registry.verify().ok
