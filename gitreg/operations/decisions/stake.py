"""What is at stake in a draft, for whoever has to decide about it: which version would go, and what it measured."""

from __future__ import annotations

from dataclasses import dataclass

from gitreg.core.event import Assignment
from gitreg.core.reference import AtVersion
from gitreg.core.version import Version
from gitreg.errors import GitregError
from gitreg.operations.context import Context
from gitreg.operations.draft import AssignmentDraft
from gitreg.operations.resolve import find_version


@dataclass(frozen=True, slots=True)
class MetricChange:
    """A metric of the version the stage holds and of the one that would come; None where it was not measured."""

    name: str
    old: float | None
    new: float | None


def held_version(draft: AssignmentDraft) -> Version | None:
    """The version that would make room."""
    event = draft.held.event if draft.held else None
    return event.version if isinstance(event, Assignment) else None


def changed_metrics(context: Context, draft: AssignmentDraft) -> tuple[MetricChange, ...]:
    """Every metric of the two versions, by name."""
    held = held_version(draft)
    old = _metrics(context, AtVersion(draft.event.model, held)) if held else {}
    new = draft.found.pointer.metrics
    return tuple(MetricChange(name, old.get(name), new.get(name)) for name in sorted({*old, *new}))


def _metrics(context: Context, version: AtVersion) -> dict[str, float]:
    """Of a version that has been withdrawn meanwhile, nothing can be said."""
    try:
        return dict(find_version(context, version).pointer.metrics)
    except GitregError:
        return {}
