"""Hybrid stages: approvals are waived by the cited policy and by every gate's margin, and by nothing less."""

from __future__ import annotations

import pytest
from registry_builder import MNIST, POLICY, PRODUCTION, RegistryBuilder, expect_refused, expect_verified, new_registry

from gitreg.core.event import Cause, GateRecord
from gitreg.core.tag_name import TagName

HYBRID = POLICY.replace("[gates.accuracy]", 'decide = "hybrid"\n[gates.accuracy]')
CLEAR = (GateRecord("accuracy", "pass+margin", "0.98"), GateRecord("format", "pass+margin", "-"))


def staged(policy: str) -> RegistryBuilder:
    """One version, staged, ready for production."""
    registry = new_registry()
    registry.set_policy(policy)
    registry.register()
    registry.promote()
    return registry


def promoted(registry: RegistryBuilder, gates=CLEAR, approved=()) -> TagName:
    return registry.promote("v1.0.0", PRODUCTION, approved=approved, change=lambda event: event._replace(gates=gates))


def test_a_promotion_that_is_clear_of_every_limit_needs_nobody():
    registry = staged(HYBRID)
    expect_verified(registry, promoted(registry))


CLOSE = {
    "no margin": (GateRecord("accuracy", "pass", "0.98"), GateRecord("format", "pass", "-")),
    "margin missing on one gate": (CLEAR[0], GateRecord("format", "pass", "-")),
    "the word on another gate": (CLEAR[0], GateRecord("format", "pass", "-"), GateRecord("b", "pass+margin", "-")),
}


@pytest.mark.parametrize("gates", CLOSE.values(), ids=CLOSE.keys())
def test_one_close_call_asks_for_approvals(gates):
    """A version that barely passes would enter production unseen."""
    registry = staged(HYBRID)
    expect_refused(registry, promoted(registry, gates), "approvals", "needs 2 approvals and has 0")
    registry = staged(HYBRID)
    expect_verified(registry, promoted(registry, gates, ("bob", "carol")))


UNFIT = {
    "missing": CLEAR[:1],
    "twice": (*CLEAR, CLEAR[0]),
    "both words": (*CLEAR, GateRecord("accuracy", "pass", "0.98")),
    "failed": (CLEAR[0], GateRecord("format", "fail", "-")),
    "a failed one more": (*CLEAR, GateRecord("bias", "fail", "-")),
}


@pytest.mark.parametrize("gates", UNFIT.values(), ids=UNFIT.keys())
def test_gates_are_as_necessary_as_elsewhere(gates):
    """The margin of one gate would hide that another did not pass."""
    registry = staged(HYBRID)
    expect_refused(registry, promoted(registry, gates), "gates")


def test_a_manual_stage_asks_for_approvals_whatever_the_gates_say():
    registry = staged(POLICY)
    expect_refused(registry, promoted(registry), "approvals", "needs 2 approvals")
    registry = staged(POLICY)
    expect_verified(registry, promoted(registry, approved=("bob", "carol")))


def test_a_policy_that_becomes_hybrid_waives_nothing_signed_under_the_one_before():
    """Only the policy that a tag cites is the one it was made under."""
    registry = staged(POLICY)
    name = promoted(registry)
    registry.set_policy(HYBRID)
    expect_refused(registry, name, "approvals", "needs 2 approvals")


def test_a_policy_that_becomes_manual_leaves_what_was_promoted_before():
    registry = staged(HYBRID)
    name = promoted(registry)
    registry.set_policy(POLICY + "# people decide again\n")
    expect_verified(registry, name)


def test_only_the_models_whose_rules_say_so_are_hybrid():
    """A team that wants to be asked would not be."""
    registry = staged(HYBRID + f'[models."{MNIST}".stages.production]\ndecide = "manual"\n')
    expect_refused(registry, promoted(registry), "approvals", "needs 2 approvals")


def test_approvals_beside_a_margin_are_looked_at_all_the_same():
    """A tag would show an approval that nobody checked."""
    registry = staged(HYBRID)
    expect_refused(registry, promoted(registry, approved=("bob",)), "approvals", "needs 2 approvals and has 1")
    registry = staged(HYBRID)
    expect_refused(registry, promoted(registry, approved=("bob", "pat")), "approvals", "pat registered or promotes it")


def test_a_rollback_is_not_waived_by_gates():
    """Returning to an earlier version asks for its own approvals."""
    careful = HYBRID.replace(
        'decide = "hybrid"', 'decide = "hybrid"\nrollback_approvals = { count = 1, from = ["reviewer"] }'
    )
    registry = staged(careful)
    expect_verified(registry, promoted(registry))
    for gates, check in ((CLEAR, "rollback"), ((), "approvals")):
        event = registry.assignment("v1.0.0", PRODUCTION, Cause.ROLLBACK)._replace(gates=gates)
        name = registry.add(event, "pat", registry.commit("v1.0.0"))
        expect_refused(registry, name, check)
        del registry.tags[name]
