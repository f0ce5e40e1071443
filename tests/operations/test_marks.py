"""High-water marks: what a clone has seen is never silently less, or something else."""

from __future__ import annotations

import os
import shutil
import sys
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


ASKING = {"one model": lambda clone: clone.which("mnist", "dev"), "all models": lambda clone: clone.verify()}


@pytest.mark.parametrize("ask", ASKING.values(), ids=ASKING)
def test_a_fetch_beside_a_question_makes_no_tag_look_deleted(
    world, registry: Registry, other: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask
):
    """It marks what it lets in; marks read after the tags were listed would name tags that the listing has not."""
    other.fetch()
    registry.promote("mnist@v1.0.0", "dev", push=True)
    git, beside, done = shutil.which("git"), tmp_path / "git", tmp_path / "done"
    fetch = f"cd {world.root}/other && PATH='{os.environ['PATH']}' {sys.executable} -m gitreg fetch"
    beside.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *for-each-ref*mnist*|*for-each-ref*refs/tags/) [ -e {done} ] || later=yes;; esac\n'
        f'{git} "$@"; status=$?\n'
        f'[ -z "$later" ] || {{ touch {done}; ({fetch}) >{done} 2>&1; }}\n'
        "exit $status\n"
    )
    beside.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    asking = world.open("other", "dave")
    answer = ask(asking)
    assert "mnist#dev#3" in done.read_text()
    assert "mnist#dev#3" in seen_tags(asking.context.repo, ModelName("mnist"))
    assert "deleted" not in str(answer)
    assert ask(asking) != answer


def test_a_stray_file_beside_the_marks_hides_none(world, other: Registry):
    """An editor's backup has no model's name, and the marks of models that are gone would be left out with it."""
    (Path(other.context.repo.local_state) / "marks" / "mnist~").write_text("")
    world.sh("git", "tag", "-d", *world.sh("git", "tag", cwd="other").split(), cwd="other")
    assert {failure.check for failure in other.verify().failures} == {"deleted"}


def test_damaged_marks_are_no_marks_and_do_not_harm_the_others(other: Registry):
    context = other.context
    before = seen_tags(context.repo, ModelName("mnist"))
    place = Path(context.repo.local_state) / "marks" / "mnist"
    place.write_bytes(place.read_bytes() + b"0123 mnist@v9\n\xff\xfe\n" + b"a" * 40 + b" mnist#dev")
    assert set(before) <= set(seen_tags(context.repo, ModelName("mnist")))
    place.write_bytes(b"a" * 17)  # a write that a power cut ended
    assert other.which("mnist", "dev").n == 2
    assert "mnist#dev#2" in seen_tags(context.repo, ModelName("mnist"))
