"""The gate `metric` with `evaluate`: a figure that a program computes again, from a dataset that the policy pins."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gitreg.core.reference import AtManifest, parse_reference
from gitreg.errors import FormatError, GitregError
from gitreg.gates import metric, own_program
from gitreg.gates.gate import GateResult, Verdict
from gitreg.gates.metric import MetricGate, exact, figure, read_metric
from gitreg.gates.own_program import OwnProgram, read_program
from gitreg.gates.programs import answer_object, doors_left, failed, last_line

if TYPE_CHECKING:
    from gitreg.gates.gate import Candidate
    from gitreg.gates.options import Options
    from gitreg.sandbox.job import Ended

_OWN_OPTIONS = ("evaluate", "dataset", "tolerance", *own_program.OPTIONS)


@dataclass(frozen=True, slots=True)
class EvaluatedMetricGate:
    """Both the pointer's figure and the one computed here must be within the bounds, and `tolerance` apart at most.

    `dataset` is a REF with a manifest: what a name or a tag means could change.
    """

    claimed: MetricGate
    program: OwnProgram
    dataset: str
    tolerance: float

    @property
    def name(self) -> str:
        return self.claimed.name

    def check(self, candidate: Candidate) -> GateResult:
        """What the pointer says costs nothing to judge, so nothing is run for a figure that fails as it stands."""
        claimed = self.claimed.check(candidate)
        if not claimed.passed:
            return claimed
        try:
            ended, answer = self._evaluated(candidate)
        except FormatError as error:
            return failed(self.name, claimed.figure, error)
        value = figure(answer.get("metrics"), self.claimed.metric)
        found = self.claimed.judged(value, "the evaluation", candidate)
        problem = self._problem(candidate, found, value)
        evidence = {"dataset": self.dataset, "metrics": answer.get("metrics")}
        clear = Verdict.MARGIN if claimed.verdict is found.verdict is Verdict.MARGIN else Verdict.PASS
        return replace(
            found,
            verdict=Verdict.FAIL if problem else clear,
            figure=f"{claimed.figure}, evaluated {value!r}",
            reason=(problem or f"{found.reason}; evaluated on {self.dataset}") + doors_left(ended),
            evidence=json.dumps(evidence, indent=2),
        )

    def _evaluated(self, candidate: Candidate) -> tuple[Ended, dict[str, Any]]:
        dataset = candidate.dataset(self.dataset)
        ended = self.program.run(self.name, candidate, {"dataset": dataset})
        if ended.code:
            raise FormatError(f"the evaluation failed: {last_line(ended.stderr) or f'exit code {ended.code}'}")
        return ended, answer_object(ended.stdout, "the evaluation")

    def _problem(self, candidate: Candidate, found: GateResult, value: float | None) -> str | None:
        claimed = figure(candidate.pointer_data.get("metrics"), self.claimed.metric)
        if not found.passed or claimed is None or value is None:
            return f"evaluated on {self.dataset}: {found.reason}"
        apart = abs(exact(claimed) - exact(value))
        if apart > exact(self.tolerance):
            return f"evaluated on {self.dataset}, {apart} from what the pointer claims; {self.tolerance!r} allowed"
        return None


def build_metric_gate(options: Options) -> MetricGate | EvaluatedMetricGate:
    """Options: those of a metric and, to have it computed again, `evaluate`, a list of words; `dataset`, such as
    `digits@blake3:...`; `tolerance`; those of every program of the registry's own.
    """
    options.only(*metric.OPTIONS, *_OWN_OPTIONS)
    claimed = read_metric(options)
    if "evaluate" in options.values:
        return EvaluatedMetricGate(claimed, read_program(options, "evaluate"), _dataset(options), _tolerance(options))
    for option in _OWN_OPTIONS:
        if option in options.values:
            raise options.wrong(option, "needs evaluate", hint='like evaluate = ["gates/evaluate.py"]')
    return claimed


def _dataset(options: Options) -> str:
    hint = "a name and a manifest, digits@blake3:..., as gitreg show says them"
    text = options.text("dataset")
    if text is None:
        raise options.wrong("dataset", "is missing", hint=hint)
    try:
        pinned = isinstance(parse_reference(text), AtManifest)
    except GitregError:
        pinned = False
    if not pinned:
        raise options.wrong("dataset", "does not say which bytes it means", hint=hint)
    return text


def _tolerance(options: Options) -> float:
    tolerance = options.number("tolerance") or 0.0
    if tolerance < 0:
        raise options.wrong("tolerance", "must not be negative")
    return tolerance
