"""What a policy's retention means, in sentences for people."""

from __future__ import annotations

from collections.abc import Iterator

from gitreg.core.model_pattern import wider
from gitreg.core.policy import Policy
from gitreg.core.retention import Retention, Term, Then, days


def retention_sentences(policy: Policy) -> Iterator[str]:
    """What counts for every model, and then what counts instead for those of a pattern."""
    yield from _sentences(policy.retention)
    for pattern, rules in policy.models.items():
        inherited = next((policy.models[each] for each in wider(pattern) if each in policy.models), policy)
        if rules.retention != inherited.retention:
            yield from (f"Of {pattern}: {sentence}" for sentence in _sentences(rules.retention))


def _sentences(retention: Retention | None) -> Iterator[str]:
    if retention is None:
        yield "The bytes of every version stay for ever."
        return
    yield "The bytes of a version that a stage holds always stay."
    if retention.latest:
        yield (
            f"Those of the last {retention.latest} versions of each model stay."
            if retention.latest > 1
            else "Those of each model's last version stay."
        )
    for stage, term in retention.stages.items():
        yield f"What was in {stage} {_meaning(term, 'it left')}."
    yield "What was in any other stage stays."
    yield f"What was in no stage {_meaning(retention.other, 'it was registered')}."
    if retention.archive:
        yield f"What is archived goes to the remote {retention.archive}."


def _meaning(term: Term, since: str) -> str:
    match term.then:
        case Then.KEEP:
            return "stays"
        case Then.ARCHIVE:
            done = "is archived"
        case Then.DELETE:
            done = "is deleted"
    return f"{done} {days(term.days)} after {since}" if term.days else f"{done} at once when {since}"
