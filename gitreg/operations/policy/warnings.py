"""What a policy may say but hardly means: rules that nobody can satisfy, people without keys, keys without people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, product

from gitreg.core.freeze import Period
from gitreg.core.model_pattern import ModelPattern
from gitreg.core.names import Principal
from gitreg.core.policy import Policy
from gitreg.core.policy_rules import ApprovalRule, ModelRules, StageRule
from gitreg.core.retention import Then
from gitreg.core.text import escape
from gitreg.errors import GitregError
from gitreg.gates.table import build_gate
from gitreg.operations.policy.powers import ALL_MODELS, people_in, scopes
from gitreg.trust.allowed_signers import AllowedSigners, Grant
from gitreg.trust.patterns import matches_list


@dataclass(frozen=True, slots=True)
class PolicyWarning:
    """Something to look at; `kind` is a stable word for scripts."""

    kind: str
    message: str


def policy_warnings(policy: Policy, signers: AllowedSigners | None, at: datetime) -> tuple[PolicyWarning, ...]:
    """Everything worth a second look; without `signers` nothing is said about keys."""
    found = [*_about_roles(policy), *_about_admins(policy), *_about_patterns(policy), *_about_gates(policy)]
    found += _about_retention(policy)
    for pattern, rules in scopes(policy).items():
        inherited = policy.stages if pattern != ALL_MODELS else {}
        for rule in rules.stages.values():
            if inherited.get(rule.name) != rule or rules.rules["register"] != policy.rules["register"]:
                found += _about_stage(policy, pattern, rules, rule, at)
    if signers is not None:
        found += _about_keys(policy, signers)
    return tuple(dict.fromkeys(PolicyWarning(kind, message) for kind, message in found))


_Found = Iterator[tuple[str, str]]


def _about_roles(policy: Policy) -> _Found:
    used = set(chain(policy.admins.from_roles, policy.receipts.from_roles))
    for rules in scopes(policy).values():
        used |= set(chain.from_iterable(rules.rules.values()))
        used |= set(chain.from_iterable(_roles_of(rule) for rule in rules.stages.values()))
    for role, principals in policy.roles.items():
        if not principals:
            yield "empty-role", f"the role {role} has no people"
        if role not in used:
            yield "unused-role", f"the role {role} may do nothing: no rule names it"


def _roles_of(rule: StageRule) -> Iterator[str]:
    counts = (rule.approvals.from_roles, rule.rollback_approvals.from_roles)
    return chain(rule.promote, rule.rollback, rule.unassign, *counts)


def _about_admins(policy: Policy) -> _Found:
    people = people_in(policy, policy.admins.from_roles)
    if not people:
        yield "no-admins", "nobody may change this policy or the keys: it has no [admins]"
    elif policy.admins.count == 1:
        yield "one-admin", f"one stolen key suffices to change this policy: that of {' or '.join(people)}"
    elif policy.admins.count == len(people):
        yield "all-admins", f"all {len(people)} admins must sign each change: one lost key, and nobody can change it"


def _about_patterns(policy: Policy) -> _Found:
    for pattern in policy.models:
        if pattern.endswith("*") and pattern.literal and not pattern.literal.endswith("/"):
            yield "wide-pattern", f"{pattern} is also for {pattern.literal}x/..., a team of another name"


def _about_gates(policy: Policy) -> _Found:
    for gate in policy.gates.values():
        try:
            build_gate(gate.name, gate.kind, gate.options)
        except GitregError as error:
            yield "gate", f"the gate {gate.name} would not run here: {error.message}"


def _about_retention(policy: Policy) -> _Found:
    said = [rules.retention for rules in scopes(policy).values() if rules.retention]
    terms = [term for retention in said for term in (*retention.stages.values(), retention.other)]
    archive = policy.retention.archive if policy.retention else None
    if archive is None and any(term.then is Then.ARCHIVE for term in terms):
        yield "no-archive", "retention archives, and names no remote: those versions stay until gc --archive names one"


def _about_stage(policy: Policy, pattern: ModelPattern, rules: ModelRules, rule: StageRule, at: datetime) -> _Found:
    where = rule.name if pattern == ALL_MODELS else f"{rule.name} of {pattern}"
    promoters = people_in(policy, rule.promote)
    if not promoters:
        yield "closed-stage", f"nobody may promote to {where}"
    elif not people_in(policy, rule.rollback):
        yield "no-rollback", f"nobody may roll back {where}"
    if promoters and not _can_be_reached(policy, rules, rule.approvals, rule.promote):
        yield "impossible-approval", f"{where} can never get its {rule.approvals.count} approvals: {_WHY}"
    if rule.rollback and not _can_be_reached(policy, rules, rule.rollback_approvals, rule.rollback):
        yield "impossible-approval", f"a rollback of {where} can never get its approvals: {_WHY}"
    for window in rule.freeze:
        if isinstance(window, Period) and window.end <= at:
            yield "past-freeze", f"a freeze window of {where} is over: {window}"


_WHY = "the people who could give them are those who register or promote, and allow_self is not set"


def _can_be_reached(policy: Policy, rules: ModelRules, rule: ApprovalRule, acting: tuple[str, ...]) -> bool:
    """Whether some registrar and some promoter leave enough others to approve."""
    approvers = set(people_in(policy, rule.from_roles))
    if rule.allow_self or not rule.count:
        return True
    actors = people_in(policy, acting)
    pairs = product(people_in(policy, rules.rules["register"]) or actors, actors)
    return any(len(approvers - set(pair)) >= rule.count for pair in pairs)


def _about_keys(policy: Policy, signers: AllowedSigners) -> _Found:
    grants = [grant for grant in signers.grants if not signers.revoked(grant.key)]
    for principal in dict.fromkeys(chain.from_iterable(policy.roles.values())):
        person = policy.person_of(principal)
        theirs = policy.people.get(person, (principal,))
        if not any(_names(grant, each) for grant in grants for each in theirs):
            yield "no-key", f"{person} has no key in allowed_signers, or only revoked ones"
    for grant in grants:
        if not any(_names(grant, each) for each in chain.from_iterable(policy.roles.values())):
            who = escape(grant.principals)
            yield "idle-key", f"line {grant.line} of allowed_signers lets {who} sign, who has no role"
    for problem in signers.problems:
        yield "signers", f"{escape(str(problem))} (allowed_signers): the line counts for nothing"


def _names(grant: Grant, principal: Principal) -> bool:
    """Whether the line is about this person, today or at another time."""
    return matches_list(principal, grant.principals)
