"""Running a stage's gates on a version, by the definitions in the protected branch's policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gitreg.core.names import StageName
from gitreg.core.policy_rules import Decide, StageRule
from gitreg.core.reference import Reference
from gitreg.gates.gate import GateResult, Verdict
from gitreg.gates.run import BoundedGate, run_gates
from gitreg.gates.table import build_gate
from gitreg.operations.candidate import candidate_of
from gitreg.operations.context import Context
from gitreg.operations.draft import AssignmentDraft, draft_assignment
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
    candidate = candidate_of(context, draft)
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
