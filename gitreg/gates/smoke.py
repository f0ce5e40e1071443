"""The gate `smoke`: the model loads through its framework, and one prediction is what its schema declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitreg.errors import FormatError
from gitreg.gates.gate import GateResult, Verdict
from gitreg.gates.programs import Trial, doors_left, failed, read_bounds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitreg.gates.gate import Candidate
    from gitreg.gates.options import Options


@dataclass(frozen=True, slots=True)
class SmokeGate:
    """The output must be finite, and as `schema.output` says, if the pointer has that: `shape` and `type`."""

    name: str
    trial: Trial

    def check(self, candidate: Candidate) -> GateResult:
        try:
            ended, said = self.trial.run(candidate)
        except FormatError as error:
            return failed(self.name, "", error)
        figure = f"output {said['type']} {said['shape']}"
        problems = list(_problems(said, candidate.pointer_data.get("schema")))
        if problems:
            return GateResult(self.name, Verdict.FAIL, figure, "; ".join(problems))
        return GateResult(self.name, Verdict.PASS, figure, f"loads, and predicts finite values{doors_left(ended)}")


def build_smoke_gate(options: Options) -> SmokeGate:
    """Options: `sample`, a JSON file of the protected branch (by default the pointer's `schema.example`)."""
    options.only("sample", "memory_mb")
    return SmokeGate(options.gate, Trial(options.text("sample"), 0, 0, 1, read_bounds(options)))


def _problems(said: Mapping[str, Any], schema: object) -> Iterator[str]:
    if said["finite"] is not True:
        yield "the output is not finite"
    declared = schema.get("output") if isinstance(schema, Mapping) else None
    if not isinstance(declared, Mapping):
        return
    if "type" in declared and declared["type"] != said["type"]:
        yield f"the schema declares the type {declared['type']}"
    if "shape" in declared and not _fits(said["shape"], declared["shape"]):
        yield f"the schema declares the shape {declared['shape']}"


def _fits(shape: object, declared: object) -> bool:
    """-1 stands for any length, such as that of a batch."""
    if not isinstance(shape, list) or not isinstance(declared, list | tuple) or len(shape) != len(declared):
        return False
    return all(wanted in (-1, length) for length, wanted in zip(shape, declared, strict=True))
