"""Fetch: what verifies is let in, everything else is kept out and said."""

from __future__ import annotations

import pytest

from gitreg.api import Registry
from gitreg.core.reference import parse_reference
from gitreg.core.version import Version
from gitreg.errors import GitError, RefusedError, VerificationError
from gitreg.operations.resolve import find_version


@pytest.fixture
def other(world, registry: Registry) -> Registry:
    """A clone that knows v1.0.0 and nothing that comes later."""
    return world.clone("other", "dave")


def test_new_tags_come_in_verified(world, registry: Registry, other: Registry):
    world.release(registry, b"two", "dev")
    registry.push()
    fetched = other.fetch()
    assert set(fetched.accepted) == {"mnist@v1.1.0", "mnist#dev#1"}
    assert fetched.refused == ()
    assert str(other.which("mnist", "dev").version) == "v1.1.0"
    assert other.fetch().accepted == ()


def test_a_tag_that_nobody_signed_is_kept_out_and_the_others_are_let_in(world, registry: Registry, other: Registry):
    world.release(registry, b"two", "dev")
    registry.push()
    world.sh("git", "tag", "-m", "trust me", "mnist#dev#2", "mnist@v1.0.0^{}", cwd="hub.git")
    fetched = other.fetch()
    assert [failure.ref for failure in fetched.refused] == ["mnist#dev#2"]
    assert "mnist#dev#1" in fetched.accepted
    assert str(other.which("mnist", "dev").version) == "v1.1.0"
    assert "refs/tags/mnist#dev#2" not in world.refs("other")


def test_a_tag_that_plain_git_brought_in_answers_no_and_never_with_an_older_version(
    world, registry: Registry, other: Registry
):
    registry.promote("mnist", "dev")
    registry.push()
    world.sh("git", "tag", "-m", "trust me", "mnist#dev#2", "mnist@v1.0.0^{}", cwd="hub.git")
    world.sh("git", "fetch", "-q", "--tags", cwd="other")
    with pytest.raises(VerificationError):
        other.which("mnist", "dev")


def test_a_tag_signed_by_a_stranger_is_kept_out(world, registry: Registry, other: Registry):
    """eve's tools let her sign what nobody allowed."""
    eve = world.clone("eve", "eve")
    known = find_version(eve.context, parse_reference("mnist@v1.0.0")).registration
    event = known.event._replace(version=Version.parse("v9.0.0"))
    world.sign_anyway(eve, event, known.target)
    world.sh("git", "push", "-q", "origin", "mnist@v9.0.0", cwd="eve")
    assert [failure.ref for failure in other.fetch().refused] == ["mnist@v9.0.0"]
    assert str(other.version("mnist").version) == "v1.0.0"


def test_a_tag_that_moved_is_reported_and_ours_is_kept(world, registry: Registry, other: Registry):
    kept = world.refs("other", "refs/tags")
    world.forge("mnist@v1.0.0", "The first one", "Another one", where="hub.git")
    (moved,) = other.fetch().refused
    assert (moved.ref, moved.check) == ("mnist@v1.0.0", "moved")
    assert world.refs("other", "refs/tags") == kept


def test_approvals_arrive_and_are_named_by_what_they_are_for(world, registry: Registry, other: Registry):
    registry.promote("mnist", "staging")
    registry.push()
    bob = world.open(who="bob")
    bob.approve("mnist", "production", push=True)
    assert other.fetch().approvals == ("mnist/production/1",)
    assert other.fetch().approvals == ()
    assert other.readiness("mnist", "production").approvals.by == ("bob@example.com",)


def test_used_approvals_do_not_come_back(world, registry: Registry, other: Registry):
    registry.promote("mnist", "staging")
    registry.push()
    for who in ("bob", "carol"):
        world.open(who=who).approve("mnist", "production", push=True)
    registry.promote("mnist", "production", push=True)
    assert registry.fetch().approvals == ()
    assert other.fetch().approvals == ()
    assert "refs/gitreg/approvals" not in world.refs() + world.refs("other")


def test_objects_come_on_request(world, registry: Registry, other: Registry):
    assert world.objects("other/.git") == []
    (got,) = other.fetch(objects=True).models
    assert got.transferred > 10_000
    (world.root / "hub.git").rename(world.root / "away")
    assert other.verify(data=True).ok


def test_foreign_tags_are_nobody_s_business(world, registry: Registry, other: Registry):
    for name in ("v1.0", "release/2026", "Mnist@v1.0.0", "mnist@v1", "--upload-pack=x"):
        world.sh("git", "update-ref", f"refs/tags/{name}", "refs/heads/main", cwd="hub.git")
    fetched = other.fetch()
    assert (fetched.accepted, fetched.refused) == ((), ())


def test_the_policy_that_counts_is_the_one_fetched(world, registry: Registry, other: Registry):
    """dave loses his role: from his next fetch on, his own program tells him so, though his branch is behind."""
    policy = registry.root / ".gitreg" / "policy.toml"
    policy.write_text(policy.read_text().replace(', "dave@example.com"', ""))
    world.change_policy("Dave has left")
    registry.push()
    other.fetch()
    with pytest.raises(RefusedError, match="may not do this"):
        other.promote("mnist", "dev")


def test_without_a_git_remote(world, registry: Registry):
    world.sh("git", "remote", "remove", "origin")
    with pytest.raises(GitError, match="no Git remote called 'origin'") as error:
        registry.fetch()
    assert error.value.hint


def test_many_new_tags_are_packed(world, registry: Registry, other: Registry, monkeypatch: pytest.MonkeyPatch):
    """Each question would look through thousands of small files."""
    monkeypatch.setattr("gitreg.operations.fetch._MANY", 1)
    world.release(registry, b"two", "dev")
    registry.push()
    other.fetch()
    assert "refs/tags/mnist#dev#1" in (other.root / ".git" / "packed-refs").read_text()
    assert str(other.which("mnist", "dev").version) == "v1.1.0"
