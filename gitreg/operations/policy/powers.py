"""What a policy lets each person do, model pattern by model pattern.  A pure function of the policy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from gitreg.core.model_pattern import ModelPattern
from gitreg.core.names import Person, Principal, StageName
from gitreg.core.policy import Policy
from gitreg.core.policy_rules import ModelRules, StageRule

ALL_MODELS = ModelPattern("*")


class Deeds(NamedTuple):
    """The things that somebody may do: rules by name, and for each deed the stages that it is about."""

    rules: tuple[str, ...] = ()
    promote: tuple[StageName, ...] = ()
    rollback: tuple[StageName, ...] = ()
    unassign: tuple[StageName, ...] = ()
    approve: tuple[StageName, ...] = ()
    approve_rollback: tuple[StageName, ...] = ()


@dataclass(frozen=True, slots=True)
class Powers:
    """What somebody may do with the models of some patterns; `*` is every model that no other pattern names."""

    models: tuple[ModelPattern, ...]
    rules: tuple[str, ...]
    promote: tuple[StageName, ...]
    rollback: tuple[StageName, ...]
    unassign: tuple[StageName, ...]
    approve: tuple[StageName, ...]
    approve_rollback: tuple[StageName, ...]


@dataclass(frozen=True, slots=True)
class PersonPowers:
    """Everything that the policy lets one person do."""

    person: Person
    principals: tuple[Principal, ...]
    roles: tuple[str, ...]
    may: tuple[Powers, ...]
    admin: bool
    receipts: bool


def all_powers(policy: Policy) -> tuple[PersonPowers, ...]:
    """Everybody whom the policy knows, in the order in which it names them."""
    named = [principal for theirs in (*policy.people.values(), *policy.roles.values()) for principal in theirs]
    people: dict[Person, list[Principal]] = {}
    for principal in dict.fromkeys(named):
        people.setdefault(policy.person_of(principal), []).append(principal)
    return tuple(_powers_of(policy, person, tuple(theirs)) for person, theirs in people.items())


def scopes(policy: Policy) -> dict[ModelPattern, ModelRules]:
    """The rules by the models they are for, the general ones first."""
    return {ALL_MODELS: ModelRules(policy.rules, policy.stages, policy.retention), **policy.models}


def people_in(policy: Policy, roles: Iterable[str]) -> tuple[Person, ...]:
    """The people who hold at least one of the roles."""
    return tuple(dict.fromkeys(policy.person_of(each) for role in roles for each in policy.roles[role]))


def _powers_of(policy: Policy, person: Person, principals: tuple[Principal, ...]) -> PersonPowers:
    roles = tuple(role for role, theirs in policy.roles.items() if not set(principals).isdisjoint(theirs))
    groups: dict[Deeds, list[ModelPattern]] = {}
    for pattern, rules in scopes(policy).items():
        groups.setdefault(_deeds(rules, frozenset(roles)), []).append(pattern)
    may = tuple(Powers(tuple(models), *deeds) for deeds, models in groups.items() if deeds != Deeds())
    held = frozenset(roles)
    admin = not held.isdisjoint(policy.admins.from_roles)
    return PersonPowers(person, principals, roles, may, admin, not held.isdisjoint(policy.receipts.from_roles))


def _deeds(rules: ModelRules, held: frozenset[str]) -> Deeds:
    stages = rules.stages.values()

    def among(wanted: Iterable[tuple[StageRule, tuple[str, ...]]]) -> tuple[StageName, ...]:
        return tuple(rule.name for rule, roles in wanted if not held.isdisjoint(roles))

    return Deeds(
        rules=tuple(rule for rule, roles in rules.rules.items() if not held.isdisjoint(roles)),
        promote=among((rule, rule.promote) for rule in stages),
        rollback=among((rule, rule.rollback) for rule in stages),
        unassign=among((rule, rule.unassign) for rule in stages),
        approve=among((rule, rule.approvals.from_roles) for rule in stages if rule.approvals.count),
        approve_rollback=among(
            (rule, rule.rollback_approvals.from_roles) for rule in stages if rule.rollback_approvals.count
        ),
    )
