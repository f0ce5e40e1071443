"""Approvals inside a stage tag: enough people, none of them interested, each for exactly this promotion."""

from __future__ import annotations

import re

import pytest
from registry_builder import (
    MNIST,
    NOW,
    POLICY,
    PRODUCTION,
    STAGING,
    RegistryBuilder,
    expect_refused,
    expect_verified,
    git_oid,
    new_registry,
)

from gitreg.core.digest import Digest
from gitreg.core.event import ApprovalRecord, Assignment, Cause
from gitreg.core.names import ModelName, Principal
from gitreg.core.oid import Oid
from gitreg.core.registry_id import RegistryId
from gitreg.core.request import FACTS
from gitreg.core.tag_name import TagName, VersionTag
from gitreg.core.version import Version


@pytest.fixture
def registry() -> RegistryBuilder:
    """One version, staged, ready for production."""
    registry = new_registry()
    registry.register()
    registry.promote()
    return registry


def promoted(registry: RegistryBuilder, *records: ApprovalRecord) -> TagName:
    event = registry.assignment("v1.0.0", PRODUCTION)._replace(approvals=records)
    return registry.add(event, "pat", registry.commit("v1.0.0"))


def draft(registry: RegistryBuilder) -> Assignment:
    return registry.assignment("v1.0.0", PRODUCTION)


@pytest.mark.parametrize("people", [(), ("bob",)])
def test_too_few_are_refused(registry, people):
    """Two pairs of eyes would be one, or none."""
    name = registry.promote("v1.0.0", PRODUCTION, approved=people)
    expect_refused(registry, name, "approvals", f"needs 2 approvals and has {len(people)}")


@pytest.mark.parametrize(
    ("people", "reason"),
    [
        (("bob", "pat"), "pat registered or promotes it"),
        (("rita", "bob"), "rita registered or promotes it"),
        (("bob", "bob"), "bob approved twice"),
        (("bob", "carol", "bob"), "bob approved twice"),
        (("bob", "mallory"), "mallory has no role"),
        (("bob", "carol", "mallory"), "mallory has no role"),
    ],
)
def test_only_distinct_and_disinterested_reviewers_count(registry, people, reason):
    """Whoever makes or moves a version could wave it through."""
    expect_refused(registry, registry.promote("v1.0.0", PRODUCTION, approved=people), "approvals", reason)


def test_one_person_with_two_keys_is_one_person(registry):
    """A second key would be a second opinion."""
    registry.allow("bob", key="bob's other")
    event = draft(registry)
    name = promoted(registry, registry.approval(event, "bob"), registry.approval(event, "bob", key="bob's other"))
    expect_refused(registry, name, "approvals", "bob approved twice")


def test_one_key_under_two_names_is_one_person(registry):
    """A second line in allowed_signers would be a second opinion."""
    registry.allow("carol", key="bob")
    event = draft(registry)
    name = promoted(registry, registry.approval(event, "bob"), registry.approval(event, "carol", key="bob"))
    expect_refused(registry, name, "approvals", "somebody else's key")


@pytest.mark.parametrize("interested", ["pat", "rita"])
def test_the_promoters_and_registrars_keys_do_not_count_under_another_name(registry, interested):
    """Whoever promotes could approve as `ops` with the very key that signs the tag."""
    registry.allow("ops", key=interested)
    event = draft(registry)
    name = promoted(registry, registry.approval(event, "bob"), registry.approval(event, "ops", key=interested))
    expect_refused(registry, name, "approvals", "registered or promotes it")


@pytest.mark.parametrize("interested", ["pat", "rita"])
def test_another_name_of_the_interested_does_not_count_with_another_key(registry, interested):
    """Their key says that they are `ops` too, so what `ops` signs with a second key is theirs as well."""
    registry.allow("ops", key=interested)
    registry.allow("ops", key="second key")
    event = draft(registry)
    name = promoted(registry, registry.approval(event, "bob"), registry.approval(event, "ops", key="second key"))
    expect_refused(registry, name, "approvals", "registered or promotes it")


def test_the_policy_may_let_them(registry):
    """Teams of two could never promote."""
    registry.set_policy(POLICY.replace('from = ["reviewer"]', 'from = ["reviewer"], allow_self = true'))
    expect_verified(registry, registry.promote("v1.0.0", PRODUCTION, approved=("pat", "rita")))


@pytest.mark.parametrize("key", ["mallory", "stranger"])
def test_a_name_without_its_key_does_not_count(registry, key):
    """Anybody could approve in anybody's name."""
    event = draft(registry)
    name = promoted(registry, registry.approval(event, "bob", key=key), registry.approval(event, "carol"))
    expect_refused(registry, name, "approvals", "a key that is not theirs")


def test_a_key_that_may_not_approve_does_not_count(registry):
    """A key meant for machines that tag would approve."""
    registry.signers = re.sub('bob namespaces="[^"]*"', 'bob namespaces="git"', registry.signers)
    name = registry.promote("v1.0.0", PRODUCTION, approved=("bob", "carol"))
    expect_refused(registry, name, "approvals", "a key that is not theirs")


@pytest.mark.parametrize("option", ['valid-before="20260101Z"', 'valid-after="20270101Z"'])
def test_a_key_out_of_its_time_does_not_count(registry, option):
    """An expired key would approve."""
    registry.signers = registry.signers.replace("bob namespaces", f"bob {option},namespaces")
    name = registry.promote("v1.0.0", PRODUCTION, approved=("bob", "carol"))
    expect_refused(registry, name, "approvals", "a key that is not theirs")


def test_an_approval_holds_until_it_expires(registry):
    """Consent given in spring would serve in winter, or run out a second early."""
    event = draft(registry)
    carol = registry.approval(event, "carol")
    expect_verified(registry, promoted(registry, registry.approval(event, "bob", expires=NOW), carol))
    del registry.tags[event.tag_name]
    late = promoted(registry, registry.approval(event, "bob", expires=NOW - 1), carol)
    expect_refused(registry, late, "approvals", "expired")


def test_a_prolonged_approval_does_not_count(registry):
    """Whoever carries an approval could change its date."""
    event = draft(registry)
    short = registry.approval(event, "bob", expires=NOW - 1)
    name = promoted(registry, short._replace(expires="never"), registry.approval(event, "carol"))
    expect_refused(registry, name, "approvals", "does not sign this promotion")


@pytest.mark.parametrize("expires", ["2026-13-01T00:00:00Z", "9999-99-99T99:99:99Z"])
def test_an_impossible_date_does_not_count(registry, expires):
    """What is no time would never have passed."""
    event = draft(registry)
    name = promoted(registry, registry.approval(event, "bob")._replace(expires=expires))
    expect_refused(registry, name, "approvals", "not a time")


REPLAYS = {
    "number": {"n": 2},
    "version": {"version": Version(1, 0, 1)},
    "version tag": {"version_tag": Oid("7" * 40)},
    "stage": {"stage": STAGING},
    "model": {"model": ModelName("other")},
    "registry": {"registry": RegistryId("00000000-0000-4000-8000-000000000000")},
    "policy": {"policy": Oid("7" * 40)},
    "previous": {"previous": Oid("7" * 40)},
    "manifest": {"manifest": Digest("7" * 64)},
    "action": {"cause": Cause.ROLLBACK},
}


@pytest.mark.parametrize("difference", REPLAYS.values(), ids=REPLAYS.keys())
def test_an_approval_of_anything_else_does_not_count(registry, difference):
    """One approval would serve for ever: for the next number, version, stage, model, registry, policy or a rollback."""
    event = draft(registry)
    other = registry.approval(event._replace(**difference), "bob", target=registry.commit("v1.0.0"))
    name = promoted(registry, other, registry.approval(event, "carol"))
    expect_refused(registry, name, "approvals", "does not sign this promotion")


def test_every_fact_of_a_request_has_its_replay():
    """A fact that is added later would be signed and yet not looked at, and nobody would notice."""
    assert len(REPLAYS) == len(FACTS) - 1  # the target is no field of the event; its replay comes next


def test_an_approval_of_another_commit_does_not_count(registry):
    """The code behind the version could be exchanged after the review."""
    event = draft(registry)
    other = registry.approval(event, "bob", target=git_oid("commit", b"other"))
    name = promoted(registry, other, registry.approval(event, "carol"))
    expect_refused(registry, name, "approvals", "does not sign this promotion")


def test_used_approvals_do_not_serve_again(registry):
    """After a rollback the old approvals would bring the version back."""
    first = registry.promote("v1.0.0", PRODUCTION, approved=("bob", "carol"))
    used = registry.verdict(first).event.approvals
    registry.unassign(PRODUCTION)
    expect_refused(registry, promoted(registry, *used), "approvals", "does not sign this promotion")


@pytest.mark.parametrize("signature", ["AAAA", "U1NIU0lH", "U1NIU0lHAAAAAQ==", "=", "A" * 30_000])
def test_nonsense_is_no_signature(registry, signature):
    """A malformed approval would crash the reader, or count."""
    name = promoted(registry, ApprovalRecord(Principal("bob"), "never", signature))
    expect_refused(registry, name, "parse" if signature == "=" else "approvals")


def test_approvals_nobody_asked_for_are_refused(registry):
    """A stage without rules for approvals would show some that nobody checked."""
    registry.register("v1.1.0")
    name = registry.promote("v1.1.0", STAGING, approved=("bob",))
    expect_refused(registry, name, "approvals", "bob has no role")


def test_the_version_is_the_registrars_word(registry):
    """The registrar is taken from the verified version, not from what the stage tag says."""
    registry.set_policy(
        POLICY.replace('registrar = ["rita"]', 'registrar = ["rita", "carol"]').replace("epoch = 1", "epoch = 2")
    )
    registry.register("v1.1.0", by="carol")
    registry.promote("v1.1.0")
    assert VersionTag(MNIST, Version(1, 1, 0)) in registry.tags
    name = registry.promote("v1.1.0", PRODUCTION, approved=("bob", "carol"))
    expect_refused(registry, name, "approvals", "carol registered or promotes it")
    del registry.tags[name]
    expect_verified(registry, registry.promote("v1.1.0", PRODUCTION, approved=("bob", "rita")))


PEOPLE = """\
[people]
bob = ["bob", "bob@home"]
carol = ["carol"]
pat = ["pat", "pat@home"]
[roles]
"""


def with_people(registry: RegistryBuilder) -> None:
    """The reviewers are bob, carol and pat, under every name that the policy gives them."""
    reviewers = 'reviewer = ["bob", "bob@home", "carol", "pat", "pat@home"]'
    text = POLICY.replace("[roles]\n", PEOPLE).replace('reviewer = ["bob", "carol", "pat", "rita", "ops"]', reviewers)
    registry.set_policy(text.replace("epoch = 1", "epoch = 2"))


def test_two_principals_of_one_person_are_one_person(registry):
    """A second account with a second key would be a second opinion."""
    registry.allow("bob@home", key="bob's other")
    with_people(registry)
    event = draft(registry)
    name = promoted(registry, registry.approval(event, "bob"), registry.approval(event, "bob@home", key="bob's other"))
    expect_refused(registry, name, "approvals", "bob@home approved twice")


def test_the_promoters_other_principal_does_not_count(registry):
    """Whoever promotes could approve from their other account."""
    registry.allow("pat@home", key="pat's other")
    with_people(registry)
    event = draft(registry)
    name = promoted(registry, registry.approval(event, "bob"), registry.approval(event, "pat@home", key="pat's other"))
    expect_refused(registry, name, "approvals", "pat@home registered or promotes it")


ROLLBACK_APPROVALS = POLICY.replace(
    'approvals = { count = 2, from = ["reviewer"] }',
    'approvals = { count = 2, from = ["reviewer"] }\nrollback_approvals = { count = 1, from = ["reviewer"] }',
)


@pytest.fixture
def careful(registry) -> RegistryBuilder:
    """Rollbacks of production need one approval; it held v1.0.0 and holds v1.1.0."""
    registry.set_policy(ROLLBACK_APPROVALS.replace("epoch = 1", "epoch = 2"))
    registry.to_production()
    registry.to_production("v1.1.0")
    return registry


def rolled_back(registry: RegistryBuilder, *records: ApprovalRecord) -> TagName:
    event = registry.assignment("v1.0.0", PRODUCTION, Cause.ROLLBACK)._replace(approvals=records)
    return registry.add(event, "pat", registry.commit("v1.0.0"))


def test_a_rollback_that_needs_an_approval_counts_with_it(careful):
    """The policy's wish would be a wish."""
    event = careful.assignment("v1.0.0", PRODUCTION, Cause.ROLLBACK)
    expect_verified(careful, rolled_back(careful, careful.approval(event, "bob")))


def test_a_rollback_that_needs_an_approval_is_refused_without(careful):
    """Whoever holds the role could undo alone what two have approved."""
    expect_refused(careful, rolled_back(careful), "approvals", "a rollback of production needs 1 approvals and has 0")


@pytest.mark.parametrize("who", ["pat", "rita"])
def test_the_interested_do_not_approve_rollbacks_either(careful, who):
    """Whoever rolls back would approve it themselves."""
    event = careful.assignment("v1.0.0", PRODUCTION, Cause.ROLLBACK)
    name = rolled_back(careful, careful.approval(event, who))
    expect_refused(careful, name, "approvals", f"{who} registered or promotes it")


def test_approvals_of_a_promotion_do_not_serve_for_a_rollback(careful):
    """Consent to try the old version again would be taken for consent to give up the new one, or the reverse."""
    event = careful.assignment("v1.0.0", PRODUCTION, Cause.PROMOTE)
    name = rolled_back(careful, careful.approval(event, "bob"))
    expect_refused(careful, name, "approvals", "does not sign this rollback")


def test_a_rollback_carries_no_approvals_that_nobody_asked_for(registry):
    """They would look as if they had been checked."""
    registry.to_production()
    registry.to_production("v1.1.0")
    event = registry.assignment("v1.0.0", PRODUCTION, Cause.ROLLBACK)
    expect_refused(registry, rolled_back(registry, registry.approval(event, "bob")), "rollback", "count for nothing")
