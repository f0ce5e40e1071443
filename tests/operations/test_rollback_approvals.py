"""Rollbacks that the policy lets nobody do alone."""

from __future__ import annotations

import pytest

from gitreg.api import Registry
from gitreg.errors import RefusedError

FIRST = "mnist@v1.0.0"


@pytest.fixture
def careful(world, registry: Registry) -> Registry:
    """A rollback of dev needs one reviewer; it held v1.0.0 and holds v1.1.0, both of which ada registered."""
    policy = registry.root / ".gitreg" / "policy.toml"
    rule = 'rollback_approvals = { count = 1, from = ["reviewer"] }\n'
    text = policy.read_text().replace("[stages.dev]\n", "[stages.dev]\n" + rule)
    policy.write_text(text.replace("epoch = 2", "epoch = 3"))
    world.change_policy("Two for a rollback")
    registry.promote(FIRST, "dev")
    world.release(registry, b"two", "dev")
    return registry


def test_it_is_refused_without_and_says_what_to_run(world, careful: Registry):
    before = world.refs()
    with pytest.raises(RefusedError, match="0 of 1 approvals") as refused:
        careful.rollback("mnist", "dev")
    assert "gitreg approve mnist@v1.0.0 dev --rollback" in str(refused.value.hint)
    assert world.refs() == before


def test_it_counts_with_one_and_the_tag_proves_it(world, careful: Registry):
    world.open(who="bob").approve(FIRST, "dev", rollback=True)
    (asked,) = careful.approvals()
    assert (asked.action.value, asked.approvals.have, asked.approvals.need) == ("rollback", 1, 1)
    made = careful.rollback("mnist", "dev")
    assert (made.event, made.approvals) == ("rollback", ("bob@example.com",))
    assert careful.verify().ok
    assert "refs/gitreg/approvals" not in world.refs()


def test_a_rejection_stops_it_too(world, careful: Registry):
    for who, decide in (("bob", "approve"), ("carol", "reject")):
        registry = world.open(who=who)
        if decide == "approve":
            registry.approve(FIRST, "dev", rollback=True)
        else:
            registry.reject(FIRST, "dev", "The old one leaks", rollback=True)
    with pytest.raises(RefusedError, match="The old one leaks"):
        careful.rollback("mnist", "dev")


def test_only_what_the_stage_held_can_be_approved(world, careful: Registry):
    version = world.release(careful, b"three")
    with pytest.raises(RefusedError, match="did not hold"):
        world.open(who="bob").approve(f"mnist@{version}", "dev", rollback=True)
    with pytest.raises(RefusedError, match="asks for no approvals"):
        world.open(who="bob").approve(FIRST, "dev")
