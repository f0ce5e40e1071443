"""What happened, newest first: every registry tag as an event, verified or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gitreg.core.names import ModelName, Principal, StageName
from gitreg.core.tag_name import AssignedTag, DeprecatedTag, DeregisteredTag, TagName, UnassignedTag, VersionTag
from gitreg.core.version import Version
from gitreg.errors import FormatError
from gitreg.operations.context import Context, iso
from gitreg.operations.facts import model_facts, registry_models
from gitreg.operations.resolve import unknown_model
from gitreg.operations.results import event_word, number_of, stage_of, version_of
from gitreg.trust.facts import Facts, Verdict, Verified
from gitreg.trust.tag_object import parse_tag_object
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
    models = registry_models(context) if wanted.model is None else [wanted.model]
    entries = []
    for model in models:
        facts = model_facts(context, model)
        if not facts.tags and wanted.model is not None:
            raise unknown_model(context, model)
        verifier = Verifier(facts)
        entries += [_entry(facts, verifier.verdict(name)) for name in facts.tags]
    passing = [entry for entry in entries if _passes(entry, wanted)]
    passing.sort(key=lambda entry: (entry.at.timestamp() if entry.at else 0.0, entry.n or 0), reverse=True)
    return tuple(passing[: wanted.limit])


def _passes(entry: HistoryEntry, wanted: HistoryFilter) -> bool:
    if wanted.stage is not None and entry.stage != wanted.stage:
        return False
    return wanted.since is None or (entry.at is not None and entry.at >= wanted.since)


def _entry(facts: Facts, verdict: Verdict) -> HistoryEntry:
    if isinstance(verdict, Verified):
        event = verdict.event
        return HistoryEntry(
            event=event_word(event),
            model=event.model,
            version=version_of(event),
            stage=stage_of(event),
            n=number_of(event),
            tag=str(verdict.name),
            at=iso(verdict.seconds),
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
        stage=name.stage if isinstance(name, AssignedTag | UnassignedTag) else None,
        n=name.n if isinstance(name, AssignedTag | UnassignedTag) else None,
        tag=str(name),
        at=_claimed_time(facts.tags[name].raw),
        by=None,
        message="",
        verified=False,
        reasons=(f"{verdict.check}: {verdict.reason}",),
    )


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


def _claimed_time(raw: bytes | None) -> datetime | None:
    try:
        return iso(parse_tag_object(raw).tagger.seconds) if raw else None
    except FormatError:
        return None
