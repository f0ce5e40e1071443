"""High-water marks: what a clone has seen is never silently less, or something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitreg.api import Registry
from gitreg.core.names import ModelName
from gitreg.errors import VerificationError
from gitreg.operations.marks import seen_tags


@pytest.fixture
def other(world, registry: Registry) -> Registry:
    """A clone that has asked what stands in dev, and so has seen mnist#dev#2."""
    registry.promote("mnist", "dev")
    world.release(registry, b"two", "dev")
    registry.push()
    clone = world.clone("other", "dave")
    assert clone.which("mnist", "dev").n == 2
    return clone


def test_a_stage_that_was_cut_short_has_no_answer_instead_of_the_older_one(world, other: Registry):
    """Whoever hides the last promotion would bring back the version before it."""
    world.sh("git", "tag", "-d", "mnist#dev#2", cwd="other")
    with pytest.raises(VerificationError, match="mnist#dev#2: deleted") as refused:
        other.which("mnist", "dev")
    assert "git update-ref 'refs/tags/mnist#dev#2'" in str(refused.value.hint)


def test_the_hint_puts_the_tag_back(world, other: Registry):
    world.sh("git", "tag", "-d", "mnist#dev#2", cwd="other")
    with pytest.raises(VerificationError) as refused:
        other.which("mnist", "dev")
    command = str(refused.value.hint).partition("put it back: ")[2]
    world.sh("sh", "-c", command, cwd="other")
    assert other.which("mnist", "dev").n == 2


def test_fetch_brings_a_deleted_tag_back(world, other: Registry):
    world.sh("git", "tag", "-d", "mnist#dev#2", cwd="other")
    assert "mnist#dev#2" in other.fetch().accepted
    assert other.which("mnist", "dev").n == 2


def test_a_deregistration_cannot_be_taken_away(world, registry: Registry, other: Registry):
    """Without the tag that withdraws it, the version would be the latest again."""
    registry.promote("mnist@v1.0.0", "dev")
    registry.deregister("mnist", "v1.1.0", message="it leaks", push=True)
    other.fetch()
    world.sh("git", "tag", "-d", "mnist@v1.1.0!", cwd="other")
    with pytest.raises(VerificationError, match="deleted"):
        other.version("mnist")


def test_a_tag_signed_again_by_its_own_maker_is_not_the_one_that_was_seen(world, registry: Registry, other: Registry):
    """The signature of the new object is good, so only memory can tell."""
    world.sh("git", "tag", "-d", "mnist#dev#2")
    world.sh("rm", "-r", ".git/gitreg/marks")
    registry.promote("mnist@v1.1.0", "dev", message="again")
    forged = world.sh("git", "rev-parse", "refs/tags/mnist#dev#2").strip()
    world.sh("git", "fetch", "-q", "../work", "+refs/tags/mnist#dev#2:refs/tags/mnist#dev#2", cwd="other")
    with pytest.raises(VerificationError, match=f"moved.*{forged[:12]}"):
        other.which("mnist", "dev")


def test_what_the_remote_lost_is_said_and_kept(world, registry: Registry, other: Registry):
    other.fetch()
    world.sh("git", "tag", "-d", "mnist#dev#2", cwd="hub.git")
    (gone,) = other.fetch().refused
    assert (gone.ref, gone.check) == ("mnist#dev#2", "deleted")
    assert other.which("mnist", "dev").n == 2


def test_verify_tells_of_every_tag_that_is_gone_even_if_the_whole_model_is(world, other: Registry):
    assert other.verify().ok
    names = world.sh("git", "tag", cwd="other").split()
    world.sh("git", "tag", "-d", *names, cwd="other")
    assert {(failure.ref, failure.check) for failure in other.verify().failures} == {(n, "deleted") for n in names}
    with pytest.raises(VerificationError):
        other.version("mnist")
    with pytest.raises(VerificationError):
        other.register("mnist")


def test_a_tag_of_ones_own_that_nobody_has_yet_may_be_taken_back(world, registry: Registry):
    """Who promoted by mistake and did not push deletes the tag, and no question was ever held against them."""
    registry.promote("mnist", "dev")
    assert registry.which("mnist", "dev").n == 1
    world.sh("git", "tag", "-d", "mnist#dev#1")
    assert registry.verify().ok
    assert registry.promote("mnist", "dev").n == 1


def test_once_pushed_it_may_not(world, registry: Registry):
    registry.promote("mnist", "dev", push=True)
    world.sh("git", "tag", "-d", "mnist#dev#1")
    assert [failure.check for failure in registry.verify().failures] == ["deleted"]


def test_a_clone_that_cannot_be_written_to_still_answers(world, other: Registry):
    """Serving hosts mount the clone read-only; for root that is a file where the folder should be."""
    marks = Path(other.context.repo.local_state) / "marks"
    for place in marks.iterdir():
        place.unlink()
    marks.rmdir()
    marks.write_bytes(b"")
    assert other.which("mnist", "dev").n == 2


def test_damaged_marks_are_no_marks_and_do_not_harm_the_others(other: Registry):
    context = other.context
    before = seen_tags(context.repo, ModelName("mnist"))
    place = Path(context.repo.local_state) / "marks" / "mnist"
    place.write_bytes(place.read_bytes() + b"0123 mnist@v9\n\xff\xfe\n" + b"a" * 40 + b" mnist#dev")
    assert set(before) <= set(seen_tags(context.repo, ModelName("mnist")))
    place.write_bytes(b"a" * 17)  # a write that a power cut ended
    assert other.which("mnist", "dev").n == 2
    assert "mnist#dev#2" in seen_tags(context.repo, ModelName("mnist"))
