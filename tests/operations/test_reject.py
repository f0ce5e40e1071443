"""Reject: one reviewer's signed no blocks exactly one promotion, wherever it was filed, until they take it back."""

from __future__ import annotations

import pytest

from gitreg.api import Registry
from gitreg.errors import NotFoundError, RefusedError, UsageError

MNIST = "mnist@v1.0.0"
WHY = "It fails on blank images"


@pytest.fixture
def approved(world, registry: Registry) -> Registry:
    """mnist@v1.0.0 has all that production wants."""
    registry.promote(MNIST, "staging")
    for who in ("bob", "carol"):
        world.open(who=who).approve(MNIST, "production")
    return registry


def reject(world, who: str = "bob", **options):
    return world.open(who=who).reject(MNIST, "production", WHY, **options)


def withdraw(world, who: str = "bob", **options):
    return world.open(who=who).withdraw_rejection(MNIST, "production", **options)


def test_a_rejection_blocks_a_promotion_that_has_every_approval(world, approved: Registry):
    made = reject(world)
    assert (made.by, made.why, made.withdrawn, made.n) == ("bob@example.com", WHY, False, 1)
    with pytest.raises(RefusedError, match=f"rejected: bob@example.com: {WHY}") as refused:
        approved.promote(MNIST, "production")
    assert "--withdraw" in str(refused.value.hint)
    ready = approved.readiness(MNIST, "production")
    assert (ready.allowed, ready.approvals.have, ready.rejections[0].why) == (False, 2, WHY)


def test_it_ends_with_its_withdrawal_and_leaves_nothing_behind(world, approved: Registry):
    reject(world)
    assert withdraw(world).withdrawn
    assert approved.promote(MNIST, "production").n == 1
    assert "refs/gitreg/approvals" not in world.refs()


def test_who_rejects_again_blocks_again(world, approved: Registry):
    """A withdrawal would be a licence for everything that comes after."""
    reject(world)
    withdraw(world)
    world.open(who="bob").reject(MNIST, "production", "And it is slow")
    with pytest.raises(RefusedError, match="And it is slow"):
        approved.promote(MNIST, "production")


def test_somebody_else_s_rejection_is_not_theirs_to_withdraw(world, approved: Registry):
    reject(world)
    with pytest.raises(NotFoundError, match=r"carol@example\.com has not rejected") as refused:
        withdraw(world, "carol")
    assert "bob@example.com" in str(refused.value.hint)
    with pytest.raises(RefusedError, match="rejected"):
        approved.promote(MNIST, "production")


@pytest.mark.parametrize(("who", "why"), [("mallory", "no role"), ("eve", "gives the key"), ("dave", "no role")])
def test_who_may_not_approve_may_not_reject(world, approved: Registry, who: str, why: str):
    before = world.refs()
    with pytest.raises(RefusedError, match=why):
        reject(world, who)
    assert world.refs() == before


def test_the_registrar_may_reject_their_own_version(world, approved: Registry):
    """ada found the fault herself; her approval would not count, her no does."""
    reject(world, "ada")
    with pytest.raises(RefusedError, match=r"person@example\.com"):
        approved.promote(MNIST, "production")


def test_a_reason_is_needed(world, approved: Registry):
    with pytest.raises(UsageError, match="needs a reason"):
        world.open(who="bob").reject(MNIST, "production", "  ")


def test_another_version_is_not_stopped(world, approved: Registry):
    """The repaired version would be blocked by the no to the broken one."""
    reject(world)
    version = world.release(approved, b"repaired", "staging")
    for who in ("bob", "carol"):
        world.open(who=who).approve(f"mnist@{version}", "production")
    assert str(approved.promote(f"mnist@{version}", "production").version) == version


def test_a_rejection_on_the_remote_stops_who_pushes_without_having_fetched(world, approved: Registry):
    """The promoter could look away by not fetching."""
    approved.push()
    world.clone("bobs", "bob").fetch()
    world.open("bobs", "bob").reject(MNIST, "production", WHY, push=True)
    with pytest.raises(RefusedError, match=WHY):
        approved.promote(MNIST, "production", push=True)
    assert "mnist#production#1" not in world.refs() + world.refs("hub.git")


def test_deleting_its_ref_on_the_remote_takes_nothing_back(world, approved: Registry):
    """Whoever can push could withdraw for somebody else."""
    ref = world.open(who="bob").reject(MNIST, "production", WHY, push=True).refs[0]
    other = world.clone("other")
    other.fetch()
    world.sh("git", "update-ref", "-d", ref, cwd="hub.git")
    other.fetch()
    assert other.readiness(MNIST, "production").rejections[0].by == "bob@example.com"
    other.push()
    assert ref in world.refs("hub.git")


def test_another_text_under_its_name_is_passed_over(world, approved: Registry):
    """The remote could exchange a rejection for a harmless text, or overwrite the one that is here."""
    ref = world.open(who="bob").reject(MNIST, "production", WHY, push=True).refs[0]
    oid = world.sh("git", "hash-object", "-w", "--stdin", cwd="hub.git", stdin=b"nothing to see\n").strip()
    world.sh("git", "update-ref", ref, oid, cwd="hub.git")
    approved.fetch()
    assert approved.readiness(MNIST, "production").rejections
    clone = world.clone("clone")
    assert clone.fetch().approvals == ()
    assert any("passed over" in line for line in world.said)


def test_another_decision_under_its_name_does_not_keep_it_out(world, approved: Registry):
    """The remote could give a fresh clone an approval by the rejection's name, whose place is then taken for ever."""
    approved.push()
    ref = world.open(who="bob").reject(MNIST, "production", WHY, push=True).refs[0]
    listed = world.refs("hub.git", "refs/gitreg/approvals").splitlines()
    approval = next(line.split()[0] for line in listed if ref not in line)
    rejection = world.sh("git", "rev-parse", ref, cwd="hub.git").strip()
    world.sh("git", "update-ref", ref, approval, cwd="hub.git")
    clone = world.clone("clone")
    clone.fetch()
    assert any("its name is not that of what it holds" in line for line in world.said)
    world.sh("git", "update-ref", ref, rejection, cwd="hub.git")
    clone.fetch()
    assert clone.readiness(MNIST, "production").rejections


def test_a_rejection_filed_in_the_repository_counts_too(world, approved: Registry):
    """On hosts without refs of our kind nobody could say no."""
    made = reject(world, file=True)
    assert (approved.root / made.refs[0]).suffix == ".rejection"
    with pytest.raises(RefusedError, match=WHY):
        approved.promote(MNIST, "production")
    taken = withdraw(world, file=True)
    world.sh("git", "add", ".gitreg/approvals")
    world.sh("git", "commit", "-q", "-m", "Taken back")
    (approved.root / taken.refs[0]).unlink()
    assert approved.promote(MNIST, "production").n == 1


def test_removing_its_file_from_the_working_tree_is_no_withdrawal(world, approved: Registry):
    """A promoter would delete the file and go on: it is in the protected branch."""
    made = reject(world, file=True)
    world.sh("git", "add", ".gitreg/approvals")
    world.sh("git", "commit", "-q", "-m", "No")
    (approved.root / made.refs[0]).unlink()
    with pytest.raises(RefusedError, match=WHY):
        approved.promote(MNIST, "production")


def test_a_forged_rejection_blocks_nothing_and_is_mentioned(world, approved: Registry):
    """Anybody who can push a ref could stop every promotion."""
    ref = reject(world).refs[0]
    text = world.sh("git", "cat-file", "blob", ref).replace(WHY, "Because I say so").encode()
    forged = world.sh("git", "hash-object", "-w", "--stdin", stdin=text).strip()
    world.sh("git", "update-ref", ref, forged)
    assert approved.promote(MNIST, "production").n == 1
    assert any("not counted: the rejection of bob@example.com does not sign" in line for line in world.said)
