"""Stock git agrees: it verifies our tags, keeps them through clone, gc and fsck, and shows them as what they are."""

from __future__ import annotations

import pytest

from gitreg.api import Registry, init
from gitreg.operations.context import Settings
from gitreg.operations.init import InitRequest
from gitreg.operations.policy.keys import revoke_keys


@pytest.fixture
def stocked(world, registry: Registry) -> Registry:
    """Every kind of event is there, approvals included; a policy change and a revoked key lie between."""
    policy = registry.root / ".gitreg" / "policy.toml"
    rule = 'rollback_approvals = { count = 1, from = ["reviewer"] }'
    policy.write_text(policy.read_text().replace("[stages.dev]", f"[stages.dev]\n{rule}"))
    world.change_policy("Two for a rollback")
    revoke_keys(registry.context, "mallory@example.com")
    world.sh("git", "commit", "-q", "-m", "Mallory has left")
    world.release(registry, b"two" * 1000, "dev", "staging")
    for who in ("bob", "carol"):
        world.open(who=who).approve("mnist", "production")
    registry.promote("mnist", "production", message="Go\n\nlive: now")
    world.release(registry, b"three" * 1000, "dev")
    world.open(who="bob").approve("mnist@v1.1.0", "dev", rollback=True)
    registry.rollback("mnist", "dev", message="Too slow")
    registry.deregister("mnist", "v1.2.0")
    registry.unassign("mnist", "dev")
    registry.deprecate("mnist")
    registry.push()
    return registry


def tags(world, where: str = "work") -> list[str]:
    return world.sh("git", "tag", "--list", cwd=where).split()


def test_git_verifies_every_tag_with_the_registry_s_own_keys(world, stocked: Registry):
    assert len(tags(world)) == 11
    assert world.sh("git", "config", "gpg.ssh.revocationFile").strip() == ".gitreg/revoked_keys"
    for tag in tags(world):
        assert 'Good "git" signature for person@example.com' in world.sh("git", "verify-tag", tag)


def test_git_refuses_what_we_refuse(world, stocked: Registry):
    world.forge("mnist#dev#1", "dev", "dev ")
    world.sh("git", "verify-tag", "mnist#dev#1", code=1)
    assert not stocked.verify("mnist").ok


def test_git_refuses_what_a_key_signed_that_was_revoked(world, stocked: Registry):
    """Without the list of revoked keys, whoever looks with stock Git would see a good signature."""
    world.open(who="dave").promote("mnist@v1.0.0", "staging")
    world.sh("git", "verify-tag", "mnist#staging#2")
    revoke_keys(stocked.context, "dave@example.com")
    world.sh("git", "commit", "-q", "-m", "Dave's laptop was stolen")
    world.sh("git", "verify-tag", "mnist#staging#2", code=1)
    assert [(each.ref, each.check) for each in stocked.verify().failures] == [("mnist#staging#2", "signature")]


def test_git_shows_the_message_and_the_signature(world, stocked: Registry):
    shown = world.sh("git", "show", "--no-patch", "mnist#production#1")
    assert "Go\n\nlive: now" in shown
    assert "Gitreg-Stage: production" in shown
    assert shown.count("Gitreg-Approval: ") == 2
    assert "Gitreg-Version: v1.1.0" in shown
    assert "tag: mnist@v1.1.0" in world.sh("git", "log", "--decorate", "--oneline")


@pytest.mark.parametrize("command", [("gc", "--prune=now", "--quiet"), ("pack-refs", "--all"), ("repack", "-adq")])
def test_nothing_is_lost_when_git_tidies_up(world, stocked: Registry, command: tuple[str, ...]):
    before = tags(world)
    for where in ("work", "hub.git"):
        world.sh("git", *command, cwd=where)
    assert tags(world) == before
    assert stocked.verify(data=True).ok
    assert world.clone("clone").verify(data=True).ok


def test_git_finds_no_fault(world, stocked: Registry):
    for where in ("work", "hub.git"):
        assert "error" not in world.sh("git", "fsck", "--strict", "--full", cwd=where)


def test_clones_of_every_kind_answer_alike(world, stocked: Registry):
    expected = stocked.which("mnist", "production")
    world.sh("git", "clone", "-q", "--mirror", "hub.git", "mirror.git", cwd=".")
    world.sh("git", "clone", "-q", f"file://{world.root}/hub.git", "by-url", cwd=".")
    world.sh("git", "worktree", "add", "-q", "--detach", "../linked")
    for where in ("mirror.git", "by-url", "linked"):
        held = world.open(where).which("mnist", "production")
        assert (held.tag, held.commit, held.manifest) == (expected.tag, expected.commit, expected.manifest)
        assert world.open(where).verify(data=True).ok


def test_a_clone_of_one_branch_without_tags_says_that_it_knows_nothing(world, stocked: Registry):
    world.sh("git", "clone", "-q", "--no-tags", "hub.git", "bare-bones", cwd=".")
    clone = world.open("bare-bones")
    assert clone.model("mnist").status == "unregistered"
    assert len(clone.fetch().accepted) == 11
    assert str(clone.which("mnist", "production").version) == "v1.1.0"


def test_packed_refs_and_a_sha256_repository(tmp_path, world, registry: Registry):
    world.sh("git", "init", "-q", "--object-format=sha256", "other", cwd=".")
    init(world.root / "other", InitRequest(hooks=False), Settings(key=str(world.root / "keys" / "ada")))
    other = world.open("other")
    world.train(other, b"one")
    other.register("mnist")
    other.promote("mnist", "dev")
    world.sh("git", "pack-refs", "--all", cwd="other")
    assert other.verify(data=True).ok
    assert 'Good "git" signature' in world.sh("git", "verify-tag", "mnist#dev#1", cwd="other")
