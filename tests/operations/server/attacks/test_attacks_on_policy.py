"""Changes of who may do what that the admins did not sign, and histories that Git is told to see otherwise."""

from __future__ import annotations

import pytest

from tests.operations.server.attacks.forging import V1, Forger

EVERYBODY = ('promote = ["maintainer"]', 'promote = ["maintainer", "reviewer"]')


def test_one_s_own_new_policy_in_the_same_push(shared, host, forger):
    """bob may promote, says bob; his tag cites the policy that says so."""
    shared.write("policy.toml", *EVERYBODY)
    shared.write("policy.toml", "epoch = 2", "epoch = 3")
    commit(shared)
    bob = Forger(forger.world, who="bob")
    tag = bob.sign(bob.promotion("dev", policy=forger.oid("HEAD:.gitreg/policy.toml")))
    host.refuses("main", tag, check="policy", reason="never was on the protected branch")


def test_a_policy_signed_by_who_is_no_admin(shared, host, forger):
    shared.write("policy.toml", *EVERYBODY)
    shared.write("policy.toml", "epoch = 2", "epoch = 3")
    Forger(forger.world, who="bob").sign_policy("bob@example.com")
    commit(shared)
    host.refuses("main", check="policy", reason="needs the signatures of 1 of the admins")


@pytest.mark.parametrize("epoch", [1, 2, 4])
def test_a_policy_with_another_epoch_than_the_next(shared, host, forger, epoch: int):
    """Lower: an old policy comes back.  Higher: the numbers that others would use are gone."""
    shared.write("policy.toml", *EVERYBODY)
    shared.write("policy.toml", "epoch = 2", f"epoch = {epoch}")
    forger.sign_policy("person@example.com")
    commit(shared)
    host.refuses("main", check="policy", reason="epoch")


def test_a_policy_weakened_and_restored_within_one_push(shared, host, forger):
    """bob's tag cites what lies between."""
    shared.write("policy.toml", *EVERYBODY)
    shared.write("policy.toml", "epoch = 2", "epoch = 3")
    commit(shared)
    weak = forger.oid("HEAD:.gitreg/policy.toml")
    shared.world.sh("git", "revert", "--no-edit", "HEAD")
    bob = Forger(forger.world, who="bob")
    host.refuses("main", bob.sign(bob.promotion("dev", policy=weak)), check="policy", reason="needs the signatures")


def test_a_signed_policy_of_before_once_more(shared, host):
    """Its signatures were good, for that step."""
    shared.edit("policy.toml", "min = 0.9", "min = 0.8")
    shared.edit("policy.toml", "min = 0.8", "min = 0.9")
    shared.world.sh("git", "checkout", "-q", "HEAD~1", "--", ".gitreg")
    commit(shared)
    host.refuses("main", check="policy", reason="its epoch is 3, and after 4 comes 5")


def test_a_revoked_key_that_is_taken_off_the_list(shared, host):
    shared.revoke("dave@example.com")
    (shared.registry.root / ".gitreg" / "revoked_keys").unlink()
    shared.write("policy.toml", "epoch = 3", "epoch = 4")
    commit(shared)
    host.refuses("main", check="policy", reason="needs the signatures")


@pytest.mark.parametrize("shared", ["hook"], indirect=True)
def test_replaced_objects_do_not_come_in(host, forger):
    host.refuses(f"HEAD:refs/replace/{forger.target()}", check="replace", reason="not what was signed")


@pytest.mark.parametrize("how", ["replace", "grafts"])
@pytest.mark.parametrize("shared", ["no hook"], indirect=True)
def test_a_history_that_git_is_told_to_see_otherwise(shared, host, forger, how: str):
    """A commit that was never merged looks as if it had been, to stock Git; gitreg sees what is there."""
    world = shared.world
    main = forger.oid("HEAD")
    world.sh("git", "switch", "-q", "-c", "side")
    world.sh("git", "commit", "-q", "--allow-empty", "-m", "Never reviewed")
    tag = forger.sign(forger.registration("v6.6.6"), target=(side := forger.oid("HEAD")))
    if how == "grafts":
        (forger.registry.root / ".git/info").mkdir(exist_ok=True)
        (forger.registry.root / ".git/info/grafts").write_text(f"{main} {side}\n")
    else:
        world.sh("git", "replace", "--graft", main, side)
    assert "main" in world.sh("git", "branch", "--contains", side)
    (failed,) = shared.registry.verify().failures
    assert (failed.ref, failed.check) == (tag, "branch")
    assert str(shared.registry.version(V1).version) == "v1.0.0"


@pytest.mark.parametrize("shared", ["no hook"], indirect=True)
def test_a_replaced_tag_is_not_what_is_read(shared, host, forger):
    """Stock Git shows the replacement under the name of the tag that was signed."""
    other = forger.write_tag("other", forger.world.sh("git", "cat-file", "tag", V1).replace("v1.0.0", "v9.9.9"))
    forger.world.sh("git", "replace", forger.oid(V1), other)
    assert "v9.9.9" in forger.world.sh("git", "cat-file", "tag", V1)
    assert shared.registry.verify().ok
    assert str(shared.registry.version(V1).version) == "v1.0.0"


def commit(shared) -> None:
    shared.world.sh("git", "commit", "-q", "-a", "-m", "Innocent")
