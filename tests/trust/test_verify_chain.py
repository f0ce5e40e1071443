"""What a stage went through: numbers, predecessors, policies, and the versions it may hold."""

from __future__ import annotations

import pytest
from registry_builder import (
    MNIST,
    PASSED,
    POLICY,
    PRODUCTION,
    STAGING,
    RegistryBuilder,
    expect_refused,
    expect_verified,
    git_oid,
    new_registry,
    signed_tag,
)

from gitreg.core.digest import Digest
from gitreg.core.event import ApprovalRecord, GateRecord
from gitreg.core.names import Principal
from gitreg.core.oid import Oid
from gitreg.core.tag_name import AssignedTag, VersionTag
from gitreg.core.version import Version
from gitreg.trust.facts import TagData

V1 = VersionTag(MNIST, Version(1, 0, 0))


@pytest.fixture
def registry() -> RegistryBuilder:
    """Two versions, the first of them staged."""
    registry = new_registry()
    registry.register("v1.0.0")
    registry.register("v1.1.0")
    registry.promote("v1.0.0")
    return registry


def stricter(epoch: int, *replacements: tuple[str, str]) -> str:
    text = POLICY.replace("epoch = 1", f"epoch = {epoch}")
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return text


NO_PAT = ('promoter = ["pat"]', 'promoter = ["mallory"]')


@pytest.mark.parametrize("previous", [None, Oid("9" * 40)])
def test_a_stale_predecessor_is_refused(registry, previous):
    """Of two people promoting at once both would win."""
    name = registry.promote("v1.1.0", change=lambda event: event._replace(previous=previous))
    expect_refused(registry, name, "chain", "signed on top of")


def test_a_predecessor_of_the_first_event_is_refused():
    """A stage's history could be cut off at the beginning."""
    registry = new_registry()
    registry.register()
    name = registry.promote(change=lambda event: event._replace(previous=Oid("9" * 40)))
    expect_refused(registry, name, "chain", "not of nothing")


def test_a_replaced_predecessor_is_noticed(registry):
    """History could be rewritten below an event that stays."""
    name = registry.promote("v1.1.0")
    first = AssignedTag(MNIST, STAGING, 1)
    event = registry.assignment("v1.1.0", STAGING)._replace(n=1, previous=None)
    registry.put(first, signed_tag(event, "pat", registry.commit("v1.1.0")))
    expect_verified(registry, first)
    expect_refused(registry, name, "chain", "signed on top of")


@pytest.mark.parametrize("n", [3, 7, 999_999_999])
def test_a_gap_is_refused(registry, n):
    """Deleted events would leave no trace."""
    name = registry.promote("v1.1.0", change=lambda event: event._replace(n=n))
    expect_refused(registry, name, "chain", "each once")


def test_a_deleted_event_is_noticed(registry):
    """A rollback could be made to vanish by whoever can delete a ref."""
    second, third = registry.promote("v1.1.0"), registry.rollback("v1.0.0", STAGING)
    del registry.tags[second]
    expect_refused(registry, third, "chain", "each once")


def test_an_earlier_double_is_noticed(registry):
    """Two histories would lead to one present."""
    registry.unassign(STAGING)
    event = registry.assignment("v1.1.0", STAGING)._replace(
        n=2, previous=registry.tags[AssignedTag(MNIST, STAGING, 1)].oid
    )
    registry.add(event, "pat", registry.commit("v1.1.0"))
    expect_refused(registry, registry.promote("v1.1.0", change=lambda e: e._replace(n=3)), "chain", "each once")


def test_a_policy_that_never_was_on_the_branch_is_refused(registry):
    """Everybody could bring their own policy along."""
    own = git_oid("blob", b"mine")
    for name in (
        registry.register("v3.0.0", by="mallory", change=lambda event: event._replace(policy=own)),
        registry.promote("v1.1.0", by="mallory", change=lambda event: event._replace(policy=own)),
    ):
        expect_refused(registry, name, "policy", "never was on the protected branch")


def test_an_older_policy_than_before_is_refused(registry):
    """A withdrawn rule could be brought back by citing it."""
    old = registry.policy
    registry.set_policy(stricter(2, NO_PAT))
    registry.promote("v1.1.0", by="mallory")
    name = registry.promote("v1.0.0", by="pat", change=lambda event: event._replace(policy=old))
    expect_refused(registry, name, "policy", "older policy")


@pytest.mark.parametrize(
    "wedge",
    [
        None,
        b"nonsense",
        b"object %s\ntype commit\ntag mnist#staging#3\ntagger A <a@b> 1 +0000\n\nAssigning stage\n" % (b"1" * 40),
    ],
)
def test_an_event_between_does_not_bring_an_older_policy_back(registry, wedge):
    """Whoever lost a role could push one nonsense tag, and promote under the old policy on top of it."""
    old = registry.policy
    registry.set_policy(stricter(2, NO_PAT))
    registry.promote("v1.1.0", by="mallory")
    registry.put(AssignedTag(MNIST, STAGING, 3), wedge)
    name = registry.promote("v1.0.0", by="pat", change=lambda event: event._replace(policy=old))
    assert name == AssignedTag(MNIST, STAGING, 4)
    expect_refused(registry, name, "policy", "older policy")


def test_a_forged_event_between_does_not_bring_an_older_policy_back(registry):
    """The same with a well-formed tag that cites the old policy and verifies nowhere."""
    old = registry.policy
    registry.set_policy(stricter(2, NO_PAT))
    registry.promote("v1.1.0", by="mallory")
    for _ in range(2):
        name = registry.promote("v1.0.0", by="pat", change=lambda event: event._replace(policy=old))
        expect_refused(registry, name, "policy", "older policy")


def test_foreign_events_before_do_not_stop_a_stage():
    """A registry that GTO began could not go on with signed tags."""
    registry = new_registry()
    registry.register()
    registry.put(AssignedTag(MNIST, STAGING, 1), None)
    name = registry.promote()
    assert name == AssignedTag(MNIST, STAGING, 2)
    expect_verified(registry, name)


def test_a_version_must_have_been_in_the_stage_before(registry):
    """Production would get what was never tried."""
    name = registry.promote("v1.1.0", PRODUCTION, approved=("bob", "carol"))
    expect_refused(registry, name, "after", "v1.1.0 has not been in staging")


def test_an_event_that_does_not_verify_is_no_stay_in_a_stage(registry):
    """An unsigned tag would count as trial in staging."""
    event = registry.assignment("v1.1.0", STAGING)
    registry.put(event.tag_name, signed_tag(event, "stranger", registry.commit("v1.1.0")))
    name = registry.promote("v1.1.0", PRODUCTION, approved=("bob", "carol"))
    expect_refused(registry, name, "after")


def test_a_stay_that_is_over_still_counts(registry):
    """A version would have to hold staging and production at once."""
    registry.unassign(STAGING)
    expect_verified(registry, registry.promote("v1.0.0", PRODUCTION, approved=("bob", "carol")))


def test_a_rollback_needs_a_stay_before(registry):
    """Rollback, which asks for no approvals, would be the way around them."""
    registry.promote("v1.0.0", PRODUCTION, approved=("bob", "carol"))
    registry.promote("v1.1.0", STAGING)
    expect_refused(registry, registry.rollback("v1.1.0", PRODUCTION), "rollback", "never held v1.1.0")


def test_a_first_event_is_no_rollback(registry):
    """The same, in an empty stage."""
    expect_refused(registry, registry.rollback("v1.0.0", PRODUCTION), "rollback", "never held")


def test_rollbacks_do_not_vouch_for_each_other(registry):
    """Two rollbacks in a row would make a stay out of nothing."""
    for _ in range(3):
        expect_refused(registry, registry.rollback("v1.0.0", PRODUCTION), "rollback", "never held")


def test_a_later_stay_does_not_allow_an_earlier_rollback(registry):
    """A rollback signed today could be justified tomorrow."""
    name = registry.rollback("v1.0.0", PRODUCTION)
    registry.promote("v1.0.0", PRODUCTION, approved=("bob", "carol"))
    expect_refused(registry, name, "rollback", "never held")


@pytest.mark.parametrize(
    "claims",
    [{"gates": PASSED}, {"approvals": (ApprovalRecord(Principal("bob"), "never", "U1NIU0lH"),)}],
)
def test_a_rollback_claims_nothing_that_nobody_checks(registry, claims):
    """`gitreg show` would list approvals that nobody gave."""
    registry.promote("v1.0.0", PRODUCTION, approved=("bob", "carol"))
    name = registry.rollback("v1.0.0", PRODUCTION, change=lambda event: event._replace(**claims))
    expect_refused(registry, name, "rollback", "gates or approvals")


def test_a_replaced_version_tag_is_noticed(registry):
    """Other bytes could be registered under a version that production already trusts."""
    name = registry.promote("v1.0.0", PRODUCTION, approved=("bob", "carol"))
    event = registry.registration("v1.0.0")
    registry.put(V1, signed_tag(event, "rita", registry.commit("v1.0.0"), text="again"))
    expect_verified(registry, V1)
    for stage_tag in (AssignedTag(MNIST, STAGING, 1), name):
        expect_refused(registry, stage_tag, "version", "not the one that was promoted")


def test_a_deleted_version_tag_is_noticed(registry):
    """What a stage holds could not be traced to anybody."""
    del registry.tags[V1]
    expect_refused(registry, AssignedTag(MNIST, STAGING, 1), "version", "not the one that was promoted")


def test_a_version_that_does_not_verify_is_not_promoted(registry):
    """A promoter could promote what no registrar registered."""
    registry.register("v3.0.0", by="pat")
    expect_refused(registry, registry.promote("v3.0.0"), "version", "mnist@v3.0.0: role")


def test_a_version_whose_bytes_were_not_read_is_not_promoted(registry):
    """What is missing makes a verdict negative, never positive."""
    registry.tags[V1] = TagData(registry.tags[V1].oid)
    expect_refused(registry, AssignedTag(MNIST, STAGING, 1), "version")


def test_a_stage_tag_names_the_versions_own_artifact(registry):
    """A promotion of v1.1.0 could carry the bytes of another version."""
    other = registry.assignment("v1.0.0", STAGING)
    for change in ({"manifest": other.manifest, "pointer": other.pointer}, {"manifest": Digest("0" * 64)}):
        event = registry.assignment("v1.1.0", STAGING)._replace(**change)
        on_v1 = registry.commit("v1.0.0") if len(change) == 2 else registry.commit("v1.1.0")
        name = registry.add(event, "pat", on_v1)
        expect_refused(registry, name, "version" if len(change) == 2 else "pointer")


def test_a_stage_tag_is_on_the_versions_own_commit(registry):
    """Production would show other training code than was registered: the pointer alone may be the same."""
    other = git_oid("commit", b"later, with the same pointer")
    event = registry.assignment("v1.0.0", STAGING)
    registry.pointers[other, event.pointer.path] = registry.pointers[registry.commit("v1.0.0"), event.pointer.path]
    expect_refused(registry, registry.add(event, "pat", other), "version", "on another commit")


GATE_CASES = {
    "missing": PASSED[:1],
    "none": (),
    "failed": (PASSED[0], GateRecord("format", "fail", "-")),
    "error": (PASSED[0], GateRecord("format", "error", "-")),
    "twice": (*PASSED, PASSED[0]),
    "a fail beside a pass": (*PASSED, GateRecord("accuracy", "fail", "0.1")),
    "a fail before a pass": (GateRecord("accuracy", "fail", "0.1"), *PASSED),
    "a failed gate that the policy does not ask for": (*PASSED, GateRecord("bias", "fail", "0.3")),
    "another spelling": (GateRecord("accuracy-", "pass", "1"), PASSED[1]),
}


@pytest.mark.parametrize("gates", GATE_CASES.values(), ids=GATE_CASES.keys())
def test_every_gate_is_there_once_and_passed(registry, gates):
    """A version that failed its tests would enter production."""
    event = registry.assignment("v1.0.0", PRODUCTION)._replace(gates=gates)
    records = tuple(registry.approval(event, person) for person in ("bob", "carol"))
    name = registry.add(event._replace(approvals=records), "pat", registry.commit("v1.0.0"))
    expect_refused(registry, name, "gates")


def test_more_gates_than_asked_for_are_welcome(registry):
    """Running another check would make a promotion invalid."""
    more = (*PASSED, GateRecord("bias", "pass", "0.01"))
    expect_verified(registry, registry.to_production(change=lambda event: event._replace(gates=more)))
