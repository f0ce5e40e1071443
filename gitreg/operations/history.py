"""What happened, newest first: every registry tag as an event, verified or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain

from gitreg.core.names import ModelName, Principal, StageName
from gitreg.core.tag_name import AssignedTag, DeprecatedTag, DeregisteredTag, TagName, UnassignedTag, VersionTag
from gitreg.core.version import Version
from gitreg.operations.context import Context, iso
from gitreg.operations.each_model import ask_each
from gitreg.operations.facts import facts_on
from gitreg.operations.ground import Ground
from gitreg.operations.resolve import unknown_model
from gitreg.operations.results import event_word, number_of, stage_of, version_of
from gitreg.trust.facts import Verdict, Verified
from gitreg.trust.tag_object import claimed_seconds
from gitreg.trust.verify import Verifier


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which events to show; None stands for all."""

    model: ModelName | None = None
    stage: StageName | None = None
    since: datetime | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One event.  Unverified ones say what their name claims, and `reasons` why it is not believed."""

    event: str
    model: ModelName
    version: Version | None
    stage: StageName | None
    n: int | None
    tag: str
    at: datetime | None
    by: Principal | None
    message: str
    verified: bool
    reasons: tuple[str, ...]


def history(context: Context, wanted: HistoryFilter) -> tuple[HistoryEntry, ...]:
    """The events that pass the filter, newest first by the taggers' clocks, then by number."""
    with Ground(context) as ground:
        models = ground.survey().tags.models() if wanted.model is None else {wanted.model: 0}
        found = ask_each(models, partial(_newest, ground, wanted), context.settings.processes, ground.settle)
    entries = sorted(chain.from_iterable(found), key=lambda entry: _age(entry.at, entry.n), reverse=True)
    return tuple(entries[: wanted.limit])


def _newest(ground: Ground, wanted: HistoryFilter, model: ModelName) -> list[HistoryEntry]:
    """A model's events that may be shown.

    Names and dates, which decide that, are the same before and after verification, so that no other tag is verified.
    """
    facts = facts_on(ground, model)
    if not facts.tags and wanted.model is not None:
        raise unknown_model(ground.context, model)
    seconds = {name: claimed_seconds(data.raw) for name, data in facts.tags.items()}
    claimed = {name: None if at is None else iso(at) for name, at in seconds.items()}
    names = [name for name, at in claimed.items() if _passes(name, at, wanted)]
    names.sort(key=lambda name: _age(claimed[name], _number(name)), reverse=True)
    verifier = Verifier(facts)
    return [_entry(verifier.verdict(name), claimed[name]) for name in names[: wanted.limit]]


def _passes(name: TagName, at: datetime | None, wanted: HistoryFilter) -> bool:
    if wanted.stage is not None and _stage(name) != wanted.stage:
        return False
    return wanted.since is None or (at is not None and at >= wanted.since)


def _age(at: datetime | None, n: int | None) -> tuple[float, int]:
    return at.timestamp() if at else 0.0, n or 0


def _entry(verdict: Verdict, at: datetime | None) -> HistoryEntry:
    if isinstance(verdict, Verified):
        event = verdict.event
        return HistoryEntry(
            event=event_word(event),
            model=event.model,
            version=version_of(event),
            stage=stage_of(event),
            n=number_of(event),
            tag=str(verdict.name),
            at=at,
            by=verdict.by,
            message=verdict.text,
            verified=True,
            reasons=(),
        )
    name = verdict.name
    return HistoryEntry(
        event=_claimed_word(name),
        model=name.model,
        version=name.version if isinstance(name, VersionTag | DeregisteredTag) else None,
        stage=_stage(name),
        n=_number(name),
        tag=str(name),
        at=at,
        by=None,
        message="",
        verified=False,
        reasons=(f"{verdict.check}: {verdict.reason}",),
    )


def _stage(name: TagName) -> StageName | None:
    return name.stage if isinstance(name, AssignedTag | UnassignedTag) else None


def _number(name: TagName) -> int | None:
    return name.n if isinstance(name, AssignedTag | UnassignedTag) else None


def _claimed_word(name: TagName) -> str:
    match name:
        case VersionTag():
            return "register"
        case DeregisteredTag():
            return "deregister"
        case AssignedTag():
            return "assign"
        case UnassignedTag():
            return "unassign"
        case DeprecatedTag():
            return "deprecate"
