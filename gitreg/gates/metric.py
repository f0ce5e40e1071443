"""The gate `metric`: one figure of the pointer within bounds, and not much worse than that of another version."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, assert_never

from gitreg.core.version import Version
from gitreg.errors import UsageError
from gitreg.gates.gate import GateResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitreg.gates.gate import Candidate
    from gitreg.gates.options import Options


OPTIONS = ("metric", "min", "max", "max_regression", "better", "baseline", "margin")


class Better(Enum):
    """Which direction of a metric is an improvement."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class MetricGate:
    """Bounds are inclusive; None means no such bound.  A missing or non-finite figure fails.

    `baseline`: the version to compare with; None for what the stage holds now.
    `margin`: how far from every bound a figure is that needs no second look; None if all do.
    """

    name: str
    metric: str
    minimum: float | None
    maximum: float | None
    max_regression: float | None
    better: Better
    baseline: str | None = None
    margin: float | None = None

    def check(self, candidate: Candidate) -> GateResult:
        return self.judged(figure(candidate.pointer_data.get("metrics"), self.metric), "the pointer", candidate)

    def judged(self, value: float | None, source: str, candidate: Candidate) -> GateResult:
        """What the bounds say of a figure, whoever says the figure."""
        if value is None:
            reason = f"{source} has no finite number for metrics.{self.metric}"
            return GateResult(self.name, Verdict.FAIL, f"{self.metric} missing", reason)
        baseline = self._compared(candidate)
        problems = [*self._out_of_bounds(value), *self._regressed(value, baseline)]
        clear = Verdict.MARGIN if self._clear(value, baseline) else Verdict.PASS
        verdict = Verdict.FAIL if problems else clear
        reason = "; ".join(problems) or self._limits(baseline)
        return GateResult(self.name, verdict, f"{self.metric} {value!r}", reason)

    def _compared(self, candidate: Candidate) -> Mapping[str, float] | None:
        return candidate.baseline_metrics if self.baseline is None else candidate.metrics_of(self.baseline)

    @property
    def _other(self) -> str:
        return self.baseline or "what the stage holds"

    def _out_of_bounds(self, value: float) -> Iterator[str]:
        if self.minimum is not None and value < self.minimum:
            yield f"below the minimum {self.minimum!r}"
        if self.maximum is not None and value > self.maximum:
            yield f"above the maximum {self.maximum!r}"

    def _regressed(self, value: float, baseline: Mapping[str, float] | None) -> Iterator[str]:
        if self.max_regression is None or baseline is None:
            return
        held = figure(baseline, self.metric)
        if held is None:
            yield f"{self._other} has no finite {self.metric} to compare with"
            return
        loss = self._loss(held, value)
        if loss > exact(self.max_regression):
            yield f"worse by {loss} than the {held!r} of {self._other}, {self.max_regression!r} allowed"

    def _clear(self, value: float, baseline: Mapping[str, float] | None) -> bool:
        """What cannot be compared has no margin."""
        if self.margin is None:
            return False
        rooms = list(self._rooms(value, None if baseline is None else figure(baseline, self.metric)))
        return all(room is not None and room >= exact(self.margin) for room in rooms)

    def _rooms(self, value: float, held: float | None) -> Iterator[Decimal | None]:
        """How far the figure is from each bound."""
        if self.minimum is not None:
            yield exact(value) - exact(self.minimum)
        if self.maximum is not None:
            yield exact(self.maximum) - exact(value)
        if self.max_regression is not None:
            yield None if held is None else exact(self.max_regression) - self._loss(held, value)

    def _loss(self, held: float, value: float) -> Decimal:
        match self.better:
            case Better.HIGHER:
                return exact(held) - exact(value)
            case Better.LOWER:
                return exact(value) - exact(held)
            case _:
                assert_never(self.better)

    def _limits(self, baseline: Mapping[str, float] | None) -> str:
        parts = []
        if self.minimum is not None:
            parts.append(f"minimum {self.minimum!r}")
        if self.maximum is not None:
            parts.append(f"maximum {self.maximum!r}")
        if self.max_regression is not None and baseline is None:
            parts.append("the stage holds nothing to compare with")
        elif self.max_regression is not None and baseline is not None:
            parts.append(f"{baseline[self.metric]!r} of {self._other}, may lose {self.max_regression!r}")
        return "; ".join(parts)


def read_metric(options: Options) -> MetricGate:
    """`metric`; at least one of `min`, `max`, `max_regression`; `better` = "higher" or "lower";
    `baseline`, a version of the same model to compare with instead of what the stage holds; `margin`.

    Without `better`, a metric with only a `max` (a loss, an error rate) is better lower, any other higher.
    """
    metric = options.text("metric")
    if metric is None:
        raise options.wrong("metric", "is missing", hint='name a key of the pointer\'s [metrics], like "accuracy"')
    minimum, maximum = options.number("min"), options.number("max")
    max_regression = options.number("max_regression")
    if minimum is None and maximum is None and max_regression is None:
        raise options.wrong("min", "is missing", hint="a metric gate needs min, max or max_regression")
    if minimum is not None and maximum is not None and minimum > maximum:
        raise options.wrong("min", "is above max")
    if max_regression is not None and max_regression < 0:
        raise options.wrong("max_regression", "must not be negative")
    better = _better(options, Better.LOWER if minimum is None and maximum is not None else Better.HIGHER)
    named, margin = _baseline(options), options.positive("margin")
    return MetricGate(options.gate, metric, minimum, maximum, max_regression, better, named, margin)


def _baseline(options: Options) -> str | None:
    text = options.text("baseline")
    if text is None:
        return None
    try:
        Version.parse(text)
    except UsageError:
        raise options.wrong("baseline", "must be a version of the model", hint='like "v1.2.0"') from None
    if options.number("max_regression") is None:
        raise options.wrong("baseline", "needs max_regression", hint="0 if nothing may be lost")
    return text


def _better(options: Options, default: Better) -> Better:
    text = options.text("better")
    if text is None:
        return default
    try:
        return Better(text)
    except ValueError:
        raise options.wrong("better", 'must be "higher" or "lower"') from None


def figure(metrics: object, name: str) -> float | None:
    """A finite number by its name, or None."""
    value = metrics.get(name) if isinstance(metrics, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:  # an integer beyond any float
        return None


def exact(value: float) -> Decimal:
    """A number as written: in binary, 0.98 - 0.97 exceeds 0.01."""
    return Decimal(repr(value))
