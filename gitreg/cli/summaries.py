"""Showing models in a table, and one model with its versions and stages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from gitreg.cli.figures import ago, size
from gitreg.cli.lines import Line, Span, bad, dim, good, line, strong, warn
from gitreg.cli.table import columns, table
from gitreg.core.names import StageName
from gitreg.operations.show_models import ModelSummary, VersionSummary
from gitreg.operations.stages import StageState


def registry_lines(models: Iterable[ModelSummary]) -> list[Line]:
    """A model in each line."""
    return table(("NAME", "LATEST", "STAGES", "SIZE", "UPDATED"), [_row(model) for model in models])


def model_lines(model: ModelSummary) -> Iterable[Line]:
    """A heading, what the stages hold, then the versions from the newest on."""
    yield line(strong(model.model), dim(f"  {model.kind}, "), _status(model.status))
    yield from columns([_stage_row(stage, state) for stage, state in model.stages.items()])
    if model.versions:
        yield line()
        yield from table(("VERSION", "STATUS", "WHEN", "BY", "MANIFEST"), [_version_row(v) for v in model.versions])


def _row(model: ModelSummary) -> Line:
    name = strong(model.model) if model.status == "active" else Span(f"{model.model} ({model.status})")
    stages = ", ".join(f"{stage} {state.version or 'unverified'}" for stage, state in model.stages.items())
    whole = size(model.size) if model.size is not None else "-"
    return line(name, model.latest or "-", stages or "-", whole, dim(_when(model.updated)))


def _stage_row(stage: StageName, state: StageState) -> Line:
    if not state.verified:
        return line(stage, bad("unverified"), f"#{state.n}", state.reason or "")
    return line(stage, strong(state.version), f"#{state.n}", dim(f"{_when(state.at)} by {state.by}"))


def _version_row(version: VersionSummary) -> Line:
    manifest = str(version.manifest)[:19] if version.manifest else "-"
    return line(strong(version.version), _status(version.status), _when(version.at), version.by or "-", dim(manifest))


def _status(status: str) -> Span:
    match status:
        case "active" | "registered":
            return good(status)
        case "unverified":
            return bad(status)
        case _:
            return warn(status)


def _when(at: datetime | None) -> str:
    return ago(at, datetime.now(UTC)) if at else "-"
