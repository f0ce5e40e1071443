"""The policy's rules as readers apply them: freeze windows, teams' own models, and that less never allows more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from registry_builder import (
    MNIST,
    NOW,
    POLICY,
    PRODUCTION,
    STAGING,
    RegistryBuilder,
    expect_refused,
    expect_verified,
    new_registry,
)

from gitreg.core.event import Cause, Deprecation, Deregistration, Event, Unassignment
from gitreg.core.names import ModelName, Principal
from gitreg.core.oid import Oid
from gitreg.core.policy import Policy, parse_policy
from gitreg.core.version import Version
from gitreg.trust.allowed_signers import AllowedSigners
from gitreg.trust.facts import KeyState
from gitreg.trust.rules import CheckError, check_role

FROZEN = """\
[[stages.staging.freeze]]
from = 2026-09-21T14:00:00Z
until = 2026-09-21T15:00:00Z
reason = "a release"
"""


@pytest.fixture
def registry() -> RegistryBuilder:
    registry = new_registry()
    registry.register()
    return registry


def test_a_promotion_in_a_freeze_window_is_refused(registry):
    """A freeze would be a wish."""
    registry.set_policy(POLICY + FROZEN)
    reason = "staging takes no promotions 2026-09-21T14:00:00Z to 2026-09-21T15:00:00Z (a release)"
    expect_refused(registry, registry.promote("v1.0.0", STAGING), "freeze", reason)


@pytest.mark.parametrize("moved", [("T15:00:00", "T14:13:20"), ("T14:00:00", "T14:13:21"), ("2026", "2027")])
def test_a_promotion_outside_of_it_counts(registry, moved):
    """A freeze of next year would stop everything today."""
    registry.set_policy(POLICY + FROZEN.replace(*moved))
    expect_verified(registry, registry.promote("v1.0.0", STAGING))


def test_a_freeze_is_judged_by_the_receipt_s_time_if_there_is_one(registry):
    """A promoter would date the tag to before the freeze."""
    registry.set_policy(POLICY + FROZEN.replace("T14:00:00", "T14:30:00"))
    name = registry.promote("v1.0.0", STAGING)
    expect_verified(registry, name)
    registry.receipts[registry.tags[name].oid] = NOW + 30 * 60
    registry.history[registry.policy] = KeyState(AllowedSigners.parse(registry.signers.encode()), NOW - 1000)
    expect_refused(registry, name, "freeze", "takes no promotions")


def test_a_window_of_another_stage_or_policy_stops_nothing(registry):
    """Old events would fail as soon as somebody plans a freeze over their date."""
    before = registry.promote("v1.0.0", STAGING)
    registry.set_policy(POLICY + FROZEN)
    expect_verified(registry, before)
    expect_verified(registry, registry.to_production())


def test_a_freeze_stops_neither_rollback_nor_unassign(registry):
    """The night when something breaks is the night of the freeze."""
    registry.promote("v1.0.0", STAGING)
    registry.register("v2.0.0")
    registry.promote("v2.0.0", STAGING)
    registry.set_policy(POLICY + FROZEN)
    expect_verified(registry, registry.rollback("v1.0.0", STAGING))
    expect_verified(registry, registry.unassign(STAGING))


TEAM = """\
[models."mnist"]
rules.register = ["reviewer"]
stages.staging.promote = []
stages.production = { after = "staging", gates = [], approvals = { count = 0 } }
"""


def test_a_pattern_decides_about_its_models_tags(registry):
    """A team's models would be everybody's."""
    registry.set_policy(POLICY + TEAM)
    expect_verified(registry, registry.register("v2.0.0", by="bob"))
    expect_refused(registry, registry.promote("v1.0.0", STAGING), "role")


def test_a_pattern_decides_about_gates_and_approvals(registry):
    """The general rule's gates would be asked of models that were freed from them, or the other way round."""
    registry.promote("v1.0.0", STAGING)
    bare = registry.promote("v1.0.0", PRODUCTION, change=lambda event: event._replace(gates=()))
    expect_refused(registry, bare, "gates")
    del registry.tags[bare]
    registry.set_policy(POLICY + TEAM)
    bare = registry.promote("v1.0.0", PRODUCTION, change=lambda event: event._replace(gates=()))
    expect_verified(registry, bare)


PEOPLE = ["ann", "bea", "cat"]
ROLES = ["a", "b"]
KEYS = ["promote", "rollback", "unassign"]
grants = st.lists(st.sampled_from(ROLES), max_size=2, unique=True)
tables = st.fixed_dictionaries(
    {
        "roles": st.fixed_dictionaries({role: st.lists(st.sampled_from(PEOPLE), max_size=3) for role in ROLES}),
        "rules": st.fixed_dictionaries(dict.fromkeys(("register", "deregister", "deprecate"), grants)),
        "stage": st.fixed_dictionaries(dict.fromkeys(KEYS, grants)),
        "team": st.dictionaries(st.sampled_from(KEYS), grants),
    }
)


def written(rules: dict[str, dict[str, list[str]]]) -> Policy:
    head = 'format = 1\nepoch = 1\nbranch = "main"\n'
    titles = {"roles": "roles", "rules": "rules", "stage": "stages.staging", "team": 'models."team/*".stages.staging'}
    lines = [
        f"[{titles[table]}]\n" + "".join(f"{key} = {value}\n" for key, value in rules[table].items())
        for table in titles
    ]
    return parse_policy((head + "".join(lines)).encode())


def allowed(policy: Policy) -> set[tuple[str, int]]:
    """Who may do which of all the things that can be done."""
    found = set()
    for place, event in enumerate(every_event()):
        for person in [*PEOPLE, *ROLES, "zoe"]:
            try:
                check_role(frozenset({Principal(person)}), event, policy)
            except CheckError:
                continue
            found.add((person, place))
    return found


def every_event() -> list[Event]:
    registry, oid = new_registry(), Oid("1" * 40)
    registry.register()
    made = registry.assignment("v1.0.0", STAGING)
    first = registry.registration("v1.0.0")
    events: list[Event] = []
    for model in (MNIST, ModelName("team/ner")):
        events += [made._replace(model=model, cause=cause) for cause in Cause]
        events += [first._replace(model=model), Deprecation(first.registry, model, oid)]
        events += [Unassignment(first.registry, model, STAGING, 1, None, oid)]
        events += [Deregistration(first.registry, model, Version(1, 0, 0), oid, oid)]
    return events


@given(tables, st.data())
def test_taking_away_a_grant_never_allows_more(rules, data):
    """Default deny: a shorter list of roles, or of people, would open something somewhere."""
    table = data.draw(st.sampled_from([name for name in rules if rules[name]]))
    key = data.draw(st.sampled_from(sorted(rules[table])))
    less = {**rules, table: {**rules[table], key: rules[table][key][:-1]}}
    assert allowed(written(less)) <= allowed(written(rules))


@given(tables, st.sampled_from(["roles", "rules", "stage"]), st.data())
def test_taking_away_a_whole_rule_never_allows_more(rules, table, data):
    """Default deny: a rule that is gone would be a rule that lets everybody in."""
    key = data.draw(st.sampled_from(sorted(rules[table])))
    if table == "roles" and any(key in value for name in ("rules", "stage", "team") for value in rules[name].values()):
        return  # a role in use can't be taken away: the policy would not parse
    less = {**rules, table: {name: value for name, value in rules[table].items() if name != key}}
    assert allowed(written(less)) <= allowed(written(rules))


def test_an_empty_policy_allows_nothing():
    """Default deny."""
    policy = parse_policy(b'format = 1\nepoch = 1\nbranch = "main"\n')
    assert allowed(policy) == set()
    assert not any(policy.rules.values())
