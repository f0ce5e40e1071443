"""Changing the policy and the keys as people do: edited, signed, committed, in force for everybody."""

from __future__ import annotations

import pytest

from gitreg.api import Registry
from gitreg.core.names import Principal
from gitreg.core.policy import parse_policy
from gitreg.errors import NotFoundError, RefusedError
from gitreg.operations.ground import Ground
from gitreg.operations.policy.keys import add_key, list_keys, read_key, revoke_keys
from gitreg.operations.policy.line import present_policy
from gitreg.operations.policy.pending import check_outgoing, standing_refusal, unsigned_edit
from gitreg.operations.policy.sign import NotAdminError, sign_policy
from gitreg.trust.policy_chain import RefusedChange

REVIEWERS = '"bob@example.com", "carol@example.com", "person@example.com"'


def edit(registry: Registry, old: str, new: str) -> None:
    file = registry.root / ".gitreg/policy.toml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def epoch(registry: Registry) -> int:
    return present_policy(registry.context).last.epoch


def refusal(registry: Registry) -> RefusedChange | None:
    with Ground(registry.context) as ground:
        return standing_refusal(ground)


def test_a_change_is_signed_committed_and_in_force(world, registry: Registry):
    edit(registry, REVIEWERS, '"bob@example.com", "carol@example.com"')
    edit(registry, "min = 0.9", "min = 0.9  # as agreed")
    signed = sign_policy(registry.context)
    assert (signed.epoch, signed.signed, signed.missing) == (3, ("person@example.com",), 0)
    assert signed.changes == ("person@example.com is no longer reviewer",)
    assert "# as agreed" in (registry.root / ".gitreg/policy.toml").read_text()
    assert epoch(registry) == 2
    world.sh("git", "commit", "-q", "-m", "Two reviewers")  # everything needed was staged
    assert epoch(registry) == 3
    assert refusal(registry) is None
    with pytest.raises(RefusedError, match="nothing to sign"):
        sign_policy(registry.context)


def test_an_epoch_is_corrected_whatever_stands_there(world, registry: Registry):
    """After a merge conflict nobody would know which number to write."""
    edit(registry, "epoch = 2", "epoch = 9")
    assert sign_policy(registry.context).epoch == 3
    assert parse_policy((registry.root / ".gitreg/policy.toml").read_bytes()).epoch == 3


def test_two_admins_sign_in_turn(world, registry: Registry):
    """A registry whose policy takes two could not be changed, or by one alone."""
    edit(registry, 'from = ["maintainer"]\n[rules]', 'from = ["maintainer"]\ncount = 2\n[rules]')
    assert sign_policy(registry.context).missing == 0  # one is enough for the step to two
    world.sh("git", "commit", "-q", "-m", "Two of us")
    edit(registry, REVIEWERS, '"bob@example.com", "carol@example.com"')
    assert sign_policy(registry.context).missing == 1
    assert sign_policy(registry.context).missing == 1  # twice the same admin is one
    world.sh("git", "commit", "-q", "-m", "Half signed")
    assert epoch(registry) == 3
    refused = refusal(registry)
    assert refused is not None
    assert "signatures of 2" in refused.reason
    both = sign_policy(world.open(who="dave").context)
    assert (both.missing, set(both.signed)) == (0, {"person@example.com", "dave@example.com"})
    world.sh("git", "commit", "-q", "-m", "Fully signed")
    assert epoch(registry) == 4


def test_signatures_over_another_content_are_dropped(world, registry: Registry):
    """An admin would be made to have signed what was edited after them."""
    edit(registry, "min = 0.9", "min = 0.8")
    sign_policy(registry.context)
    edit(registry, "min = 0.8", "min = 0.1")
    assert sign_policy(world.open(who="dave").context).signed == ("dave@example.com",)


@pytest.mark.parametrize("who", ["bob", "eve"])
def test_who_is_no_admin_signs_nothing(world, registry: Registry, who: str):
    edit(registry, "min = 0.9", "min = 0.1")
    with pytest.raises(NotAdminError, match="may not change the policy"):
        sign_policy(world.open(who=who).context)
    assert not (registry.root / ".gitreg/policy.signatures").read_text().count("epoch 3")
    assert "epoch = 2" in (registry.root / ".gitreg/policy.toml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('[admins]\nfrom = ["maintainer"]\n', "", "change it again"),
        ('promote = ["maintainer"]', 'promote = ["maintainer]', "TOML"),
        ('maintainer = ["person@example.com", "dave@example.com"]', 'maintainer = ["zoe@example.com"]', "change it"),
    ],
)
def test_what_nobody_would_accept_is_not_signed(world, registry: Registry, old, new, reason):
    """An admin would lock everybody out with a valid signature."""
    edit(registry, old, new)
    before = world.sh("git", "status", "--porcelain")
    with pytest.raises(Exception, match=reason):
        sign_policy(registry.context)
    assert world.sh("git", "status", "--porcelain") == before


def test_a_key_is_added_signed_and_counts_once_committed(world, registry: Registry):
    change = add_key(registry.context, Principal("eve@example.com"), read_key(world.root / "keys/eve.pub"))
    assert (change.policy.epoch, change.policy.missing) == (3, 0)
    assert "eve@example.com" not in repr(list_keys(registry.context))
    world.sh("git", "commit", "-q", "-m", "Eve joins")
    assert "eve@example.com" in repr(list_keys(registry.context))


def test_who_is_no_admin_may_propose_a_key(world, registry: Registry):
    """A newcomer could not open a pull request with their own key."""
    bob = world.open(who="bob")
    change = add_key(bob.context, Principal("eve@example.com"), read_key(world.root / "keys/eve.pub"))
    assert (change.policy.signed, change.policy.missing) == ((), 1)
    assert any("not signed" in line for line in world.said)
    assert unsigned_edit(bob.context) is not None
    assert sign_policy(registry.context).missing == 0
    assert unsigned_edit(bob.context) is None


@pytest.mark.parametrize("how", ["principal", "fingerprint", "file"])
def test_a_revoked_key_ends(world, registry: Registry, how: str):
    """A stolen laptop would go on signing."""
    world.open(who="dave").promote("mnist", "dev")
    assert registry.verify().ok
    (entry,) = [each for each in list_keys(registry.context) if "dave@example.com" in each.principals]
    whose = {"principal": "dave@example.com", "fingerprint": entry.fingerprint}
    change = revoke_keys(registry.context, whose.get(how, str(world.root / "keys/dave.pub")))
    assert [key.fingerprint for key in change.keys] == [entry.fingerprint]
    assert registry.verify().ok
    world.sh("git", "commit", "-q", "-m", "Dave's laptop was stolen")
    (failed,) = registry.verify().failures
    assert (failed.ref, failed.check, "was revoked" in failed.reason) == ("mnist#dev#1", "signature", True)
    assert [each.revoked for each in list_keys(registry.context) if each.fingerprint == entry.fingerprint] == [True]
    with pytest.raises(RefusedError, match="revoked already"):
        revoke_keys(registry.context, "dave@example.com")
    with pytest.raises(NotFoundError):
        revoke_keys(registry.context, "zoe@example.com")


def test_what_a_revoked_key_signed_stays_if_the_policy_lists_it(world, registry: Registry):
    """All versions that somebody ever registered would end with one of their keys."""
    world.open(who="dave").promote("mnist", "dev")
    oid = world.sh("git", "rev-parse", "mnist#dev#1").strip()
    revoke_keys(registry.context, "dave@example.com")
    edit(registry, 'branch = "main"', f'branch = "main"\naccepted = ["{oid}"]')
    world.change_policy("Dave's laptop was stolen, his promotion was not")
    assert registry.verify().ok
    assert str(registry.which("mnist", "dev").version) == "v1.0.0"


def test_the_last_admin_cannot_be_revoked(world, registry: Registry):
    """Nobody could ever change the policy again."""
    edit(registry, '"person@example.com", "dave@example.com"', '"person@example.com"')
    world.change_policy("Dave has left")
    with pytest.raises(RefusedError, match="change it again"):
        revoke_keys(registry.context, "person@example.com")
    assert not (registry.root / ".gitreg/revoked_keys").exists()


def test_an_admin_revokes_their_own_key_with_another(world, registry: Registry):
    """Rotation: the new key comes first, then the old one ends, and each step is signed by a key that counts."""
    add_key(registry.context, Principal("person@example.com"), read_key(world.root / "keys/eve.pub"))
    world.sh("git", "commit", "-q", "-m", "Ada's new key")
    revoke_keys(world.open(who="eve").context, str(world.root / "keys/ada.pub"))
    world.sh("git", "commit", "-q", "-m", "Ada's old key ends")
    edit(registry, "min = 0.9", "min = 0.8")
    with pytest.raises(NotAdminError):
        sign_policy(registry.context)
    assert sign_policy(world.open(who="eve").context).missing == 0


def test_an_unsigned_change_is_told_before_it_is_pushed(world, registry: Registry):
    """Everybody else would stumble over it first."""
    edit(registry, "min = 0.9", "min = 0.1")
    assert "epoch" in (unsigned_edit(registry.context) or "")
    shared = world.sh("git", "rev-parse", "HEAD").strip()
    world.sh("git", "commit", "-q", "-a", "-m", "Weaker")
    refused = refusal(registry)
    assert refused is not None
    assert refused.commit == world.sh("git", "rev-parse", "HEAD").strip()
    with pytest.raises(RefusedError, match="would be refused: its epoch"):
        registry.push()
    world.sh("git", "revert", "--no-edit", "HEAD")
    assert refusal(registry) is None
    with pytest.raises(RefusedError, match="would be refused"):  # weakened and restored
        registry.push()
    world.sh("git", "reset", "-q", "--hard", shared)
    registry.push()
    check_outgoing(registry.context, shared)
