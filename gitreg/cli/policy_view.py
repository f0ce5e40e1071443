"""A policy in sentences: what it takes to enter a stage, what each person may do, what looks wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitreg.cli.events import gate_lines
from gitreg.cli.lines import Line, bad, dim, good, indented, line, strong, warn
from gitreg.core.model_pattern import ModelPattern
from gitreg.operations.policy.check import PolicyCheck, Signatures, StageTerms
from gitreg.operations.policy.needs import PromotionNeeds
from gitreg.operations.policy.powers import ALL_MODELS, PersonPowers, Powers


def check_lines(check: PolicyCheck) -> Iterator[Line]:
    """The whole explanation."""
    yield line(good("valid"), f": {check.file}, epoch {check.epoch}, branch {check.branch}")
    yield line(f"A change of the policy or the keys is signed by {_signed_by(check.admins)}.")
    for terms in check.stages:
        yield line()
        yield line(strong(terms.stage), dim(f" ({_models((terms.models,), check.models)})"))
        yield from indented(line(sentence) for sentence in stage_sentences(terms))
    for person in check.people:
        yield line()
        yield line(strong(person.person), *_known_as(person))
        yield from indented(line(sentence) for sentence in person_sentences(person, check.models))
    yield line()
    yield from map(line, check.retention)
    if check.warnings:
        yield line()
    yield from (line(warn(warning.kind), ": ", warning.message) for warning in check.warnings)
    if not check.keys:
        yield line(dim("no allowed_signers lies beside the file, so nothing is said about keys"))


def needs_lines(needs: PromotionNeeds) -> Iterator[Line]:
    """What a promotion takes, and what of it is missing."""
    answer = bad("still needs something") if needs.missing else good("needs nothing more")
    yield line(strong(f"{needs.model}@{needs.version}"), " ", answer, f" to enter {needs.stage}")
    yield from indented(line(sentence) for sentence in stage_sentences(needs.terms))
    yield from gate_lines(needs.gates)
    yield from (line(bad(each.check), ": ", each.reason) for each in needs.missing)
    if needs.could_approve:
        yield line(f"could approve: {', '.join(needs.could_approve)}")


def stage_sentences(terms: StageTerms) -> Iterator[str]:
    """What it takes, one condition after the other."""
    yield f"Promoted to by {_any(terms.promote)}" + (f", after {terms.after}." if terms.after else ".")
    if terms.gates:
        yield f"Must pass: {', '.join(terms.gates)}."
    if terms.approvals.count:
        unless = ", unless every gate passes with its margin" if terms.decide == "hybrid" else ""
        yield f"Must be approved by {_signed_by(terms.approvals)}{_others(terms.approvals)}{unless}."
    yield from (f"Closed to promotions: {window}." for window in terms.freeze)
    yield f"Rolled back by {_any(terms.rollback)}."
    back = terms.rollback_approvals
    if back.count:
        yield f"A rollback must be approved by {_signed_by(back)}{_others(back)}."


def person_sentences(person: PersonPowers, every: Sequence[ModelPattern]) -> Iterator[str]:
    """What the person may do; whatever is not said they may not."""
    for powers in person.may:
        yield f"May {'; '.join(_deeds(powers))} ({_models(powers.models, every)})."
    if person.admin:
        yield "May sign changes of the policy and the keys."
    if person.receipts:
        yield "May write receipts."
    if not (person.may or person.admin or person.receipts):
        yield "May do nothing."


def _deeds(powers: Powers) -> Iterator[str]:
    named = (
        ("", powers.rules),
        ("promote to ", powers.promote),
        ("roll back ", powers.rollback),
        ("empty ", powers.unassign),
        ("approve promotions to ", powers.approve),
        ("approve rollbacks of ", powers.approve_rollback),
    )
    yield from (deed + ", ".join(objects) for deed, objects in named if objects)


def _known_as(person: PersonPowers) -> list[object]:
    names = "" if person.principals == (str(person.person),) else f" ({', '.join(person.principals)})"
    return [names, dim(f" {', '.join(person.roles) or 'no role'}")]


def _models(patterns: Sequence[ModelPattern], every: Sequence[ModelPattern]) -> str:
    if set(patterns) == set(every):
        return "any model"
    names = [each for each in patterns if each != ALL_MODELS]
    rest = ["models that no pattern names"] if len(names) < len(patterns) else []
    return ", ".join([*names, *rest])


def _signed_by(rule: Signatures) -> str:
    if len(rule.people) < 2:
        return _any(rule.people)
    return f"{rule.count} of {', '.join(rule.people)}"


def _others(rule: Signatures) -> str:
    return "" if rule.allow_self else ", not whoever registers or promotes it"


def _any(people: Sequence[str]) -> str:
    *most, last = people or ("nobody",)
    return f"{', '.join(most)} or {last}" if most else last
