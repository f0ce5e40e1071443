"""Push: objects before refs, everything or nothing, and of two who sign at once exactly one wins."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from gitreg.api import Registry
from gitreg.errors import GitregError, RefusedError, StorageError


def test_a_push_sends_objects_commits_tags_and_approvals(world, registry: Registry):
    world.release(registry, b"two" * 1000, "staging")
    world.open(who="bob").approve("mnist", "production")
    pushed = registry.push()
    (sent,) = pushed.models
    assert (sent.model, sent.files) == ("mnist", 2)
    assert sent.transferred >= 3000
    theirs = world.refs("hub.git")
    for ref in ("refs/tags/mnist@v1.1.0", "refs/tags/mnist#staging#1", "refs/gitreg/approvals/mnist/production/1/"):
        assert ref in theirs
    assert world.clone("clone").verify(data=True).ok
    again = registry.push()
    assert (again.models, again.refs) == ((), ())


def test_commits_in_between_keep_their_bytes(world, registry: Registry):
    """A pushed commit would refer to bytes that exist on one laptop only (W1)."""
    between = world.train(registry, b"between" * 1000)
    world.train(registry, b"after" * 1000)
    registry.push()
    shutil.rmtree(world.root / "work")
    clone = world.clone("clone")
    world.sh("git", "checkout", "-q", "HEAD~1", cwd="clone")
    pulled = clone.pull("models/mnist.gitreg")
    assert (pulled.manifest, pulled.verified) == (between.manifest, False)


def test_objects_alone(world, registry: Registry):
    world.release(registry, b"two")
    before = world.refs("hub.git")
    assert registry.push(objects_only=True).models
    assert world.refs("hub.git") == before


def test_no_ref_goes_before_its_objects(world, registry: Registry):
    world.train(registry, b"two" * 1000)
    before = world.refs("hub.git")
    for path in world.objects("work/.git"):
        path.unlink()
    with pytest.raises(StorageError, match="nothing was pushed") as refused:
        registry.push()
    assert refused.value.hint
    assert world.refs("hub.git") == before


def test_a_damaged_object_is_not_passed_on(world, registry: Registry, flipped):
    world.train(registry, b"two" * 100_000)
    before = world.refs("hub.git")
    flipped(world.objects("work/.git")[0])
    with pytest.raises(GitregError):
        registry.push()
    assert world.refs("hub.git") == before


def test_commits_that_others_pushed_first_stop_all_of_it(world, registry: Registry):
    other = world.clone("other", "dave")
    world.train(other, b"theirs", "theirs")
    other.push()
    before = world.refs("hub.git")
    world.release(registry, b"two", "dev")
    with pytest.raises(RefusedError, match="commits that are not here") as refused:
        registry.push()
    assert "git pull" in str(refused.value.hint)
    assert world.refs("hub.git") == before


def test_a_tag_that_moved_stops_all_of_it(world, registry: Registry):
    registry.promote("mnist", "dev")
    registry.push()
    world.forge("mnist#dev#1", "dev", "dev ")
    world.train(registry, b"two")
    before = world.refs("hub.git")
    with pytest.raises(RefusedError, match="never move"):
        registry.push()
    assert world.refs("hub.git") == before


def test_who_comes_second_hears_of_it_and_keeps_no_tag_of_their_own(world, registry: Registry):
    other = world.clone("other", "dave")
    registry.promote("mnist", "dev", push=True)
    before = world.refs("other", "refs/tags")
    with pytest.raises(RefusedError, match="somebody else has signed mnist#dev#1") as refused:
        other.promote("mnist", "dev", push=True)
    assert "gitreg fetch" in str(refused.value.hint)
    assert world.refs("other", "refs/tags") == before
    assert other.fetch().accepted == ("mnist#dev#1",)
    with pytest.raises(RefusedError, match="already"):
        other.promote("mnist", "dev", push=True)


def test_a_push_that_fails_for_another_reason_keeps_what_was_signed(world, registry: Registry):
    (world.root / "hub.git").rename(world.root / "away")
    with pytest.raises(GitregError) as refused:
        registry.promote("mnist", "dev", push=True)
    assert "\n" not in refused.value.message
    assert "mnist#dev#1" in world.refs()
    (world.root / "away").rename(world.root / "hub.git")
    assert "refs/tags/mnist#dev#1" in registry.push().refs


def race(registries: list[Registry], n: int) -> list[str]:
    """All at once; what became of each."""
    start = threading.Barrier(len(registries))

    def run(registry: Registry) -> str:
        start.wait()
        try:
            # the name makes each tag another one, though it is the same key in the same second
            stage = "dev" if n % 2 else "staging"
            made = registry.promote("mnist", stage, message=f"from {registry.root.name}", push=True)
        except RefusedError as error:
            return error.message
        return f"won {made.tag}"

    with ThreadPoolExecutor(len(registries)) as pool:
        return list(pool.map(run, registries))


@pytest.mark.slow
def test_of_clones_that_promote_at_once_exactly_one_wins_every_time(world, registry: Registry):
    clones = [world.clone(f"clone{who}", who) for who in ("ada", "dave")] + [registry]
    for n in range(1, 9):
        for clone in clones:
            world.sh("git", "pull", "-q", "origin", "main", cwd=clone.root.name)
            clone.fetch()
        version = world.release(registry, b"%d" % n)
        registry.push()
        for clone in clones:
            world.sh("git", "pull", "-q", "origin", "main", cwd=clone.root.name)
            clone.fetch()
        said = race(clones, n)
        assert sum(line.startswith("won") for line in said) == 1, said
        for clone in clones:
            assert clone.fetch().refused == (), said
            assert str(clone.which("mnist", "dev" if n % 2 else "staging").version) == version
    assert registry.verify().ok


def test_the_first_push_makes_the_store_beside_the_git_remote(world, registry: Registry):
    shutil.rmtree(world.root / "hub.git" / "gitreg")
    world.release(registry, b"two")
    assert len(registry.push().models) == 2
    assert (world.root / "hub.git" / "gitreg" / "format").is_file()


def test_a_push_from_another_branch_brings_the_protected_one_along(world, registry: Registry):
    """Readers would refuse a version whose commit the remote's protected branch does not have."""
    version = world.release(registry, b"two" * 1000)
    world.sh("git", "switch", "-q", "-c", "feature")
    registry.push()
    assert str(world.clone("clone").model("mnist").latest) == version
    assert "refs/heads/feature" in world.refs("hub.git")


def test_a_forged_tag_does_not_leave_even_without_hooks(world, registry: Registry):
    registry.promote("mnist", "dev")
    world.forge("mnist#dev#1", "v1.0.0", "v9.9.9")
    before = world.refs("hub.git")
    with pytest.raises(RefusedError, match="would not be accepted by readers"):
        registry.push()
    assert world.refs("hub.git") == before
