"""What the gates that run something share: bounds from the options, files from the protected branch, how it ended."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitreg.core.text import escape
from gitreg.errors import FormatError
from gitreg.gates.gate import GateResult, Verdict
from gitreg.sandbox.job import MIB, Ended, Limits, Outcome
from gitreg.sandbox.run import Task, python_environment, run_sandboxed

if TYPE_CHECKING:
    from gitreg.gates.gate import Candidate
    from gitreg.gates.options import Options

_MOST_MEMORY = 1 << 20  # MiB


class NotConcludedError(FormatError):
    """The program did not come to an end of its own, so nothing was decided."""

    kind = "not-concluded"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a gate's program may take, and how much memory each of its processes."""

    seconds: float
    memory: int

    @property
    def limits(self) -> Limits:
        return Limits(seconds=self.seconds, memory=self.memory)


def read_bounds(options: Options) -> Bounds:
    """Option: `memory_mb`; the time is every gate's."""
    return Bounds(options.timeout, options.count("memory_mb", 4096, _MOST_MEMORY) * MIB)


def concluded(ended: Ended, what: str) -> Ended:
    """The same, if its exit code means anything.  Raises NotConcludedError."""
    if ended.outcome is Outcome.EXITED:
        return ended
    detail = f": {escape(ended.detail)}" if ended.detail else ""
    raise NotConcludedError(f"{what} {ended.outcome.value}{detail}", hint=last_line(ended.stderr) or None)


def last_line(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""


def answer_object(output: bytes, what: str) -> dict[str, Any]:
    """What a program printed, as the one JSON object that it must be.  Raises FormatError."""
    try:
        answer = json.loads(output)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise FormatError(f"{what} gave no JSON object as its answer")
    return answer


def doors_left(ended: Ended) -> str:
    """What a reason should say of a system that could not shut everything."""
    return f" ({'; '.join(ended.open_doors)})" if ended.open_doors else ""


@dataclass(frozen=True, slots=True)
class Trial:
    """How often a model is to predict, and on what: `sample` is a file of the protected branch."""

    sample: str | None
    runs: int
    warm_up: int
    threads: int
    bounds: Bounds

    def run(self, candidate: Candidate) -> tuple[Ended, dict[str, Any]]:
        """What the trial says of the model.  Raises NotConcludedError; FormatError if it failed."""
        request = {
            "checkout": str(candidate.checkout()),
            "sample": self._sample(candidate),
            "runs": self.runs,
            "warm_up": self.warm_up,
            "threads": self.threads,
        }
        task = Task(
            (sys.executable, "-m", "gitreg.serializers.try_out"),
            stdin=json.dumps(request).encode(),
            readable=(candidate.checkout(),),
            hidden=candidate.hidden,
            environment=python_environment(),
            limits=self.bounds.limits,
        )
        ended = concluded(run_sandboxed(task), "the model")
        if ended.code:
            raise FormatError(f"the model does not load or predict: {last_line(ended.stderr)}")
        return ended, answer_object(ended.stdout, "the model's trial")

    def _sample(self, candidate: Candidate) -> object:
        if self.sample is not None:
            try:
                return json.loads(candidate.branch_file(self.sample))
            except (ValueError, RecursionError):
                raise FormatError(f"the sample {escape(self.sample)} is not JSON") from None
        schema = candidate.pointer_data.get("schema")
        example = schema.get("example") if isinstance(schema, Mapping) else None
        if example is None:
            hint = 'give the gate a file of the protected branch: sample = "gates/sample.json"'
            raise FormatError("the pointer has no schema.example to predict on", hint=hint)
        return example


def failed(name: str, figure: str, error: FormatError) -> GateResult:
    """A model that does not load is unfit; one that did not come to an end was not judged."""
    verdict = Verdict.ERROR if isinstance(error, NotConcludedError) else Verdict.FAIL
    reason = f"{error.message} ({error.hint})" if error.hint else error.message
    return GateResult(name, verdict, figure, reason)
