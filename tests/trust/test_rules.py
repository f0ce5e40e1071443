"""The rules by themselves, as `promote` asks them before anything is signed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from registry_builder import MNIST, POLICY, PRODUCTION, STAGING, RegistryBuilder, new_registry

from gitreg.core.event import Assignment, Cause, Deprecation, Deregistration, Unassignment
from gitreg.core.names import Principal, StageName
from gitreg.core.oid import Oid
from gitreg.core.policy import parse_policy
from gitreg.core.tag_name import AssignedTag, UnassignedTag
from gitreg.core.version import Version
from gitreg.trust.facts import TagData
from gitreg.trust.rules import CheckError, check_chain, check_role, earlier_holders, roles_for, stage_rule
from gitreg.trust.verify import Verifier

RULES = parse_policy(
    b"""\
format = 1
epoch = 1
branch = "main"
[roles]
a = ["ann"]
b = ["bea"]
c = ["cat"]
[rules]
register = ["a"]
deregister = ["b"]
deprecate = ["c"]
[stages.staging]
promote = ["a", "b"]
rollback = ["c"]
unassign = []
"""
)


@pytest.fixture
def registry() -> RegistryBuilder:
    registry = new_registry()
    registry.register()
    return registry


def events(registry: RegistryBuilder) -> dict[str, object]:
    oid, policy = Oid("1" * 40), registry.policy
    promoted = registry.assignment("v1.0.0", STAGING)
    return {
        "register": registry.registration("v1.0.0"),
        "deregister": Deregistration(registry.registry, MNIST, Version(1, 0, 0), oid, policy),
        "deprecate": Deprecation(registry.registry, MNIST, policy),
        "promote": promoted,
        "rollback": promoted._replace(cause=Cause.ROLLBACK),
        "unassign": Unassignment(registry.registry, MNIST, STAGING, 1, None, policy),
    }


def test_every_action_has_a_rule_of_its_own(registry):
    """Whoever may roll back could promote, or the other way round."""
    asked = {action: roles_for(event, RULES) for action, event in events(registry).items()}
    assert asked == {
        "register": ("a",),
        "deregister": ("b",),
        "deprecate": ("c",),
        "promote": ("a", "b"),
        "rollback": ("c",),
        "unassign": (),
    }


def test_the_name_that_counts_is_the_one_that_may(registry):
    """A key with two names would be refused, or the event shown in the wrong name."""
    event = events(registry)["promote"]
    assert check_role(frozenset({Principal("bea"), Principal("zoe")}), event, RULES) == "bea"
    assert check_role(frozenset({Principal("bea"), Principal("ann")}), event, RULES) == "ann"


@pytest.mark.parametrize("people", [frozenset(), frozenset({Principal("zoe")}), frozenset({Principal("a")})])
def test_nobody_else_may(registry, people):
    """A role's name would be a person, or no person would be everybody."""
    with pytest.raises(CheckError) as caught:
        check_role(people, events(registry)["promote"], RULES)
    assert caught.value.check == "role"
    assert caught.value.hint == "the policy asks for one of: a, b"


def test_a_stage_without_rules_is_answered_with_the_known_ones(registry):
    """People would have to read the policy to find a typing error."""
    event = registry.assignment("v1.0.0", STAGING)._replace(stage=StageName("stagin"))
    with pytest.raises(CheckError, match="no stage 'stagin'") as caught:
        stage_rule(event, RULES)
    assert (caught.value.check, caught.value.hint) == ("policy", "its stages: staging")


def test_promote_learns_of_a_missing_stay_before_it_signs(registry):
    """Gates would run for hours before the refusal."""
    event = registry.assignment("v1.0.0", PRODUCTION)
    with pytest.raises(CheckError, match="has not been in staging"):
        Verifier(registry.facts()).check_after(event, parse_policy(POLICY.encode()))


def test_a_rollback_sees_the_past_only_and_oldest_first(registry):
    """Later events, or events that emptied the stage, would justify it."""
    event = registry.assignment("v1.0.0", STAGING, Cause.ROLLBACK)._replace(n=5)
    says = f"\nGitreg-Version-Tag: {event.version_tag}\n".encode()
    for n in (5, 1, 3, 2):
        registry.put(AssignedTag(MNIST, STAGING, n), says)
    registry.put(UnassignedTag(MNIST, STAGING, 4), says)
    assert [tag.n for tag in earlier_holders(event, registry.facts())] == [1, 2, 3]


stage_events = st.lists(st.tuples(st.sampled_from([AssignedTag, UnassignedTag]), st.integers(1, 6)), max_size=7)


@given(stage_events, st.integers(1, 7), st.booleans())
def test_a_chain_holds_exactly_when_every_number_before_is_there_once(made, n, honest):
    """Gaps and doubles anywhere below an event would go unseen; compared with the definition, word by word."""
    registry = new_registry()
    registry.register()
    tags = {kind(MNIST, STAGING, number) for kind, number in made} | {AssignedTag(MNIST, STAGING, n)}
    for place, tag in enumerate(sorted(tags, key=str)):
        registry.tags[tag] = TagData(Oid(f"{place:040x}"))
    numbers = sorted(tag.n for tag in tags)
    before = [tag for tag in tags if tag.n == n - 1]
    previous = registry.tags[before[0]].oid if before and honest else None
    event = registry.assignment("v1.0.0", STAGING)._replace(n=n, previous=previous)
    assert isinstance(event, Assignment)
    holds = [number for number in numbers if number < n] == list(range(1, n)) and numbers.count(n) == 1
    try:
        check_chain(event, registry.facts())
    except CheckError as error:
        refused = error.check == "chain"
    else:
        refused = False
    assert refused == (not (holds and (n == 1 or honest)))
