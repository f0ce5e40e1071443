"""Keys and policies that ended: what they signed before stays only if somebody trusted vouches for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from registry_builder import (
    NOW,
    POLICY,
    PRODUCTION,
    RegistryBuilder,
    expect_refused,
    expect_verified,
    key_of,
    new_registry,
)

from gitreg.trust.allowed_signers import AllowedSigners
from gitreg.trust.facts import Facts, Failed, KeyState, Verified
from gitreg.trust.revocation import Revocations
from gitreg.trust.verify import Verifier

NEXT = POLICY.replace("epoch = 1", "epoch = 2")
LATER = NOW + 1000


@pytest.fixture
def registry() -> RegistryBuilder:
    return new_registry()


def remember(registry: RegistryBuilder, since: int, revoked: str = "") -> None:
    registry.history[registry.policy] = KeyState(signers(registry, revoked), since)


def signers(registry: RegistryBuilder, revoked: str = "") -> AllowedSigners:
    listed = key_of(revoked).public_key.line.encode() if revoked else b""
    return AllowedSigners.parse(registry.signers.encode()).without(Revocations.parse(listed))


def after_revoking(registry: RegistryBuilder, who: str) -> Facts:
    """What readers see once `who`'s key is revoked, in a policy of its own."""
    remember(registry, NOW - 1000)
    registry.set_policy(NEXT)
    remember(registry, LATER, who)
    return replace(registry.facts(), signers=signers(registry, who))


def test_a_revoked_key_takes_its_tags_along(registry):
    """Who stole it could sign with any date."""
    name = registry.register()
    verdict = Verifier(after_revoking(registry, "rita")).verdict(name)
    assert isinstance(verdict, Failed)
    assert (verdict.check, "revoked" in verdict.reason) == ("signature", True)


def test_a_tag_that_the_policy_accepts_stays(registry):
    """A stolen laptop would end every version that its owner ever registered."""
    name = registry.register()
    other = registry.register("v2.0.0")
    registry.accepted = {registry.tags[name].oid}
    verifier = Verifier(after_revoking(registry, "rita"))
    assert isinstance(verifier.verdict(name), Verified)
    assert isinstance(verifier.verdict(other), Failed)


@pytest.mark.parametrize(("seconds", "counts"), [(LATER - 1, True), (LATER, False), (LATER + 1, False)])
def test_a_receipt_from_before_the_end_keeps_a_tag(registry, seconds, counts):
    """A receipt is the only date that a thief cannot choose."""
    name = registry.register()
    registry.receipts = {registry.tags[name].oid: seconds}
    verdict = Verifier(after_revoking(registry, "rita")).verdict(name)
    assert isinstance(verdict, Verified) is counts


def test_a_receipt_does_not_bring_back_keys_from_before_the_cited_policy(registry):
    """A wrong clock of the writer would let an ended key sign under a policy that knew of its end."""
    facts = after_revoking(registry, "rita")
    name = registry.register()
    facts = replace(
        facts, tags=dict(registry.tags), on_branch=frozenset(registry.on_branch), pointers=registry.pointers
    )
    facts = replace(facts, receipts={registry.tags[name].oid: NOW - 500})
    assert isinstance(Verifier(facts).verdict(name), Failed)


def test_an_approver_s_end_takes_the_promotion_along(registry):
    """A stolen reviewer's key could approve in the past; with a receipt it could not have."""
    name = registry.to_production()
    facts = after_revoking(registry, "bob")
    verdict = Verifier(facts).verdict(name)
    assert isinstance(verdict, Failed)
    assert verdict.check == "approvals"
    vouched = replace(facts, receipts={registry.tags[name].oid: LATER - 1})
    assert isinstance(Verifier(vouched).verdict(name), Verified)


def test_who_registered_with_an_ended_key_still_is_no_approver(registry):
    """Ending the registrar's key would make their approval count as somebody else's."""
    registry.register()
    registry.promote()
    event = registry.promote(stage="production", approved=("bob", "rita"), change=lambda e: e)
    facts = after_revoking(registry, "mallory")
    assert isinstance(Verifier(facts).verdict(event), Failed)


def test_a_registrar_does_not_date_themselves_out_of_being_one(registry):
    """Their tag would count by its receipt, and their approval too: at the tag's own date the key was nobody's."""
    registry.signers = registry.signers.replace("rita namespaces", 'rita valid-after="20260922Z",namespaces')
    remember(registry, NOW - 1000)
    seen = NOW + 2 * 86_400
    registry.receipts[registry.tags[registry.register()].oid] = seen
    registry.promote()
    name = registry.promote(stage=PRODUCTION, approved=("bob", "rita"))
    registry.receipts[registry.tags[name].oid] = seen
    expect_refused(registry, name, "approvals", "does not count")


def test_an_old_policy_cannot_be_cited_from_a_new_commit(registry):
    """Someone who lost a role, but kept a key, would go on under the policy that still had the role."""
    old = registry.policy
    registry.set_policy(NEXT.replace('registrar = ["rita"]', 'registrar = ["ops"]'))
    back = registry.register(change=lambda event: event._replace(policy=old))
    registry.floors[registry.commit("v1.0.0")] = registry.policy
    expect_refused(registry, back, "policy", "replaced before its commit")
    registry.floors[registry.commit("v1.0.0")] = old
    expect_verified(registry, back)


def test_what_is_not_known_about_a_commit_counts_against_it(registry):
    """A fact that was not gathered would make a tag better, not worse."""
    old = registry.policy
    registry.set_policy(NEXT)
    name = registry.register(change=lambda event: event._replace(policy=old))
    registry.floors.clear()
    expect_refused(registry, name, "policy")
