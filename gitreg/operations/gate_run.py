"""Running a stage's gates on a version, by the definitions in the protected branch's policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Lock

from gitreg.core.event import Assignment
from gitreg.core.names import ModelName, StageName
from gitreg.core.pointer import Pointer
from gitreg.core.policy_rules import Decide, StageRule
from gitreg.core.reference import AtVersion, Reference
from gitreg.core.text import escape
from gitreg.core.version import Version
from gitreg.errors import NotFoundError
from gitreg.gates.gate import Candidate, GateResult, Verdict
from gitreg.gates.run import BoundedGate, run_gates
from gitreg.gates.table import build_gate
from gitreg.git.objects import ObjectReader
from gitreg.operations.branch import protected_branch
from gitreg.operations.checkouts import shared_checkout
from gitreg.operations.context import Context
from gitreg.operations.draft import AssignmentDraft, draft_assignment
from gitreg.operations.resolve import find_version
from gitreg.operations.verdict_cache import Reuse, VerdictCache


def gate_run(
    context: Context, reference: Reference, stage: StageName, reuse: Reuse = Reuse.ALLOWED
) -> tuple[GateResult, ...]:
    """What the gates of a stage say of a version; nothing is signed."""
    return check_gates(context, draft_assignment(context, reference, stage), reuse)


def check_gates(context: Context, draft: AssignmentDraft, reuse: Reuse = Reuse.ALLOWED) -> tuple[GateResult, ...]:
    """The verdicts of the gates that the draft's stage names, in that order: those known here, others are run."""
    definitions = [draft.policy.gates[name] for name in draft.rule.gates]
    gates = {each.name: build_gate(each.name, each.kind, each.options) for each in definitions}
    candidate = _candidate(context, draft)
    cache = VerdictCache.of(context, draft, candidate)
    repeatable = [each for each in definitions if gates[each.name].repeatable]
    asked = repeatable if reuse is Reuse.ALLOWED else []
    known = {each.name: result for each in asked if (result := cache.known(each)) is not None}
    due = [gate for name, gate in gates.items() if name not in known]
    with context.step(f"gates of {draft.rule.name}"):
        fresh = {each.name: each for each in run_gates(due, candidate, lambda names: _show(context, names))}
    for each in repeatable:
        if each.name in fresh:
            cache.keep(each, fresh[each.name])
    verdicts = known | fresh
    return tuple(_decisive(verdicts[each.name], gates[each.name], draft.rule) for each in definitions)


def _decisive(result: GateResult, gate: BoundedGate, rule: StageRule) -> GateResult:
    """The margin is said where it decides something, and nowhere else: older readers refuse tags that say it."""
    clear = result.verdict is Verdict.MARGIN or (result.passed and gate.without_figure)
    passed = Verdict.MARGIN if clear and rule.decide is Decide.HYBRID else Verdict.PASS
    return replace(result, verdict=passed) if result.passed else result


def _show(context: Context, names: Sequence[str]) -> None:
    context.settings.progress.say(f"waiting for {', '.join(names)}")


def _candidate(context: Context, draft: AssignmentDraft) -> Candidate:
    making = Lock()

    @cache
    def made() -> Path:
        return shared_checkout(context, draft.found.manifest)

    def checkout() -> Path:
        with making:  # gates run beside each other, and one checkout does for all
            return made()

    return Candidate(
        pointer_data=pointer_tables(draft.found.pointer),
        checkout=checkout,
        baseline_metrics=_baseline(context, draft),
        metrics_of=_metrics_of(context, draft.event.model),
        version=str(draft.event.version),
        stage=str(draft.event.stage),
        branch_file=lambda path: _branch_file(context, path),
        hidden=tuple(place for place in (context.repo.root, context.repo.common_dir) if place is not None),
    )


def _branch_file(context: Context, path: str) -> bytes:
    """A file as the protected branch has it: neither the candidate's commit nor the working tree has a say."""
    with ObjectReader(context.repo) as reader:
        found = reader.read(f"{protected_branch(context.repo).tip}:{path}")
    if found is None or found.type != "blob":
        raise NotFoundError(f"{escape(path)} is not on the protected branch", hint="commit it there first")
    return found.data


def _baseline(context: Context, draft: AssignmentDraft) -> Mapping[str, float] | None:
    event = draft.held.event if draft.held else None
    if not isinstance(event, Assignment):
        return None
    return find_version(context, AtVersion(event.model, event.version)).pointer.metrics


def _metrics_of(context: Context, model: ModelName) -> Callable[[str], Mapping[str, float]]:
    """Looks each version up once, so that a gate sees the figures that its verdict is remembered by."""
    finding = Lock()

    @cache
    def found(version: str) -> Mapping[str, float]:
        return find_version(context, AtVersion(model, Version.parse(version))).pointer.metrics

    def metrics_of(version: str) -> Mapping[str, float]:
        with finding:
            return found(version)

    return metrics_of


def pointer_tables(pointer: Pointer) -> dict[str, object]:
    """A pointer as the plain tables it was written in."""
    artifact = {"name": pointer.name, "kind": pointer.kind.value, "manifest": str(pointer.manifest)}
    return {
        "artifact": {**artifact, "size": pointer.size, "files": pointer.files},
        "model": dict(pointer.model),
        "params": dict(pointer.params),
        "metrics": dict(pointer.metrics),
        "schema": dict(pointer.schema),
        "dependencies": dict(pointer.dependencies),
        "lineage": [{"ref": e.ref, "manifest": str(e.manifest), "role": e.role} for e in pointer.lineage],
    }
