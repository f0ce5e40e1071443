"""The gate `latency`: how long predictions take on the machine that promotes, and how many it makes in a second."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitreg.errors import FormatError
from gitreg.gates.gate import GateResult, Verdict
from gitreg.gates.programs import Trial, doors_left, failed, read_bounds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitreg.gates.gate import Candidate
    from gitreg.gates.options import Options

_MOST_RUNS = 1_000_000
_MOST_THREADS = 256
_PERCENTILES = (50, 95, 99)


@dataclass(frozen=True, slots=True)
class LatencyGate:
    """`most` has the milliseconds for percentiles (inclusive), `least` the predictions in a second.

    `margin`: how far from the limits, in their unit, the figures are that need no second look; None if all do.
    """

    name: str
    trial: Trial
    most: Mapping[int, float]
    least: float | None
    margin: float | None = None

    def check(self, candidate: Candidate) -> GateResult:
        try:
            ended, said = self.trial.run(candidate)
            figures = _figures(said["seconds"])
            rate = self.trial.runs / said["whole"]
        except FormatError as error:
            return failed(self.name, "", error)
        figure = " ".join(f"p{each} {figures[each]:.4g} ms" for each in _PERCENTILES) + f", {rate:.4g}/s"
        problems = list(self._problems(figures, rate))
        reason = "; ".join(problems) or f"{self.trial.runs} predictions in {self.trial.threads} threads"
        evidence = json.dumps({"machine": said["machine"], "milliseconds": figures, "rate": rate}, indent=2)
        clear = Verdict.MARGIN if self._clear(figures, rate) else Verdict.PASS
        verdict = Verdict.FAIL if problems else clear
        return GateResult(self.name, verdict, figure, reason + doors_left(ended), evidence)

    def _problems(self, figures: Mapping[int, float], rate: float) -> Iterator[str]:
        for percentile, limit in self.most.items():
            if figures[percentile] > limit:
                yield f"p{percentile} is above {limit:g} ms"
        if self.least is not None and rate < self.least:
            yield f"fewer than {self.least:g} predictions in a second"

    def _clear(self, figures: Mapping[int, float], rate: float) -> bool:
        if self.margin is None:
            return False
        rooms = [limit - figures[percentile] for percentile, limit in self.most.items()]
        rooms += [] if self.least is None else [rate - self.least]
        return min(rooms) >= self.margin


def build_latency_gate(options: Options) -> LatencyGate:
    """Options: at least one of `p50_ms`, `p95_ms`, `p99_ms`, `per_second`; `sample`, `runs`, `warm_up`, `threads`,
    `margin`.

    The batch is what the sample is.
    """
    limits = {each: f"p{each}_ms" for each in _PERCENTILES}
    options.only(*limits.values(), "per_second", "sample", "runs", "warm_up", "threads", "memory_mb", "margin")
    most = {each: value for each, name in limits.items() if (value := options.positive(name)) is not None}
    least = options.positive("per_second")
    if not most and least is None:
        raise options.wrong("p95_ms", "is missing", hint="a latency gate needs p50_ms, p95_ms, p99_ms or per_second")
    margin = options.positive("margin")
    if margin is not None and most and least is not None:
        raise options.wrong("margin", "has no one unit", hint="limit times in one gate and per_second in another")
    trial = Trial(
        sample=options.text("sample"),
        runs=options.count("runs", 200, _MOST_RUNS),
        warm_up=options.count("warm_up", 20, _MOST_RUNS),
        threads=options.count("threads", 1, _MOST_THREADS),
        bounds=read_bounds(options),
    )
    return LatencyGate(options.gate, trial, most, least, margin)


def _figures(seconds: object) -> dict[int, float]:
    """Nearest-rank percentiles, in milliseconds."""
    if not isinstance(seconds, list) or not seconds:
        raise FormatError("the model's trial has no times")
    ordered = sorted(1000 * float(each) for each in seconds)
    return {each: ordered[math.ceil(len(ordered) * each / 100) - 1] for each in _PERCENTILES}
