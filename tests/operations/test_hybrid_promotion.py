"""Promoting to a hybrid stage: nobody is asked if every gate passed with its margin, and people are if one did not."""

from __future__ import annotations

import pytest

from gitreg.api import Registry
from gitreg.errors import RefusedError
from gitreg.gates.gate import Verdict

HYBRID = """\
gates = ["accuracy", "named"]
decide = "hybrid"
[gates.named]
kind = "card"
required = ["artifact.name"]
[gates.accuracy]"""
MNIST = "mnist@v1.0.0"


@pytest.fixture
def hybrid(world, registry: Registry) -> Registry:
    """Production is hybrid with a margin of 0.04 above 0.9; mnist@v1.0.0 has 0.95 and is staged."""
    policy = registry.root / ".gitreg" / "policy.toml"
    policy.write_text(policy.read_text().replace("[gates.accuracy]", HYBRID) + "margin = 0.04\n")
    world.change_policy("Ask people about close calls only")
    registry.promote(MNIST, "staging")
    return registry


def close_call(world, registry: Registry) -> str:
    world.train(registry, b"a close call", accuracy=0.93)
    label = f"mnist@{registry.register('mnist').version}"
    registry.promote(label, "staging")
    return label


def test_a_clear_version_enters_without_approvals(world, hybrid: Registry):
    ready = hybrid.readiness("mnist", "production")
    assert (ready.allowed, ready.approvals.need) == (True, 0)
    needs = world.open(who="eve").promotion_needs(MNIST, "production")
    assert (needs.missing, needs.could_approve, needs.terms.decide) == ((), (), "hybrid")
    made = hybrid.promote(MNIST, "production")
    assert [gate.verdict for gate in made.gates] == ["pass+margin", "pass+margin"]
    assert hybrid.which("mnist", "production").verified


def test_a_close_call_waits_for_people(world, hybrid: Registry):
    label = close_call(world, hybrid)
    with pytest.raises(RefusedError, match="0 of 2 approvals") as refused:
        hybrid.promote(label, "production")
    assert "gitreg approve" in str(refused.value.hint)
    for who in ("bob", "carol"):
        world.open(who=who).approve(label, "production")
    assert [gate.verdict for gate in hybrid.promote(label, "production").gates] == ["pass", "pass+margin"]
    assert hybrid.which("mnist", "production").verified


def test_one_approval_of_two_is_no_obstacle_when_none_is_needed(world, hybrid: Registry):
    """Readers would refuse a tag with fewer approvals than the stage says."""
    world.open(who="bob").approve(MNIST, "production")
    assert hybrid.promote(MNIST, "production").approvals == ()
    assert hybrid.which("mnist", "production").verified


def test_a_no_counts_although_nobody_was_asked(world, hybrid: Registry):
    world.open(who="bob").reject(MNIST, "production", why="It leaks")
    with pytest.raises(RefusedError, match=r"rejected: bob.*It leaks"):
        hybrid.promote(MNIST, "production")


def test_the_margin_is_said_in_hybrid_stages_only(world, hybrid: Registry):
    """Releases of gitreg that do not know the word would refuse tags of stages that never needed it."""
    world.train(hybrid, b"another", accuracy=0.95)
    another = f"mnist@{hybrid.register('mnist').version}"
    assert [each.verdict for each in hybrid.run_gates(another, "staging")] == [Verdict.PASS]
    assert [each.verdict for each in hybrid.run_gates(MNIST, "production")] == [Verdict.MARGIN, Verdict.MARGIN]
