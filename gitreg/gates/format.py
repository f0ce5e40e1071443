"""The gate `format`: every file of the artifact is what it claims to be, and none is a pickle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitreg.errors import FormatError
from gitreg.gates.declared import format_problem, schema_problems, tensor_problems
from gitreg.gates.formats.onnx_schema import onnx_schema
from gitreg.gates.formats.safetensors import safetensors_values
from gitreg.gates.formats.table import KNOWN_FORMATS, inspect
from gitreg.gates.gate import GateResult, Verdict
from gitreg.gates.scan.files import files_under

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitreg.gates.formats.value import Value
    from gitreg.gates.gate import Candidate
    from gitreg.gates.options import Options


@dataclass(frozen=True, slots=True)
class FormatGate:
    """Looks at all files, so that the figure says how many are at fault; the reason names the first."""

    name: str

    def check(self, candidate: Candidate) -> GateResult:
        root = candidate.checkout()
        total, found, problems = 0, [], []
        for path in files_under(root):
            total += 1
            try:
                if (name := inspect(path)) is not None:
                    found.append((name, path))
            except FormatError as error:
                problems.append(_problem(path.relative_to(root), error))
        if problems:
            return GateResult(self.name, Verdict.FAIL, f"{len(problems)} of {total} files at fault", problems[0])
        if not total:
            return GateResult(self.name, Verdict.FAIL, "0 files", "the artifact is empty")
        if otherwise := _otherwise_than_declared(candidate.pointer_data, found):
            return GateResult(self.name, Verdict.FAIL, "not what the pointer declares", otherwise[0])
        reason = "files of known formats are what they claim to be, none is a pickle"
        return GateResult(self.name, Verdict.PASS, f"{total} files, {len(found)} of known formats", reason)


def build_format_gate(options: Options) -> FormatGate:
    """No options: a file that is not what it claims to be is never wanted."""
    options.only()
    return FormatGate(options.gate)


def _otherwise_than_declared(pointer: Mapping[str, object], found: list[tuple[str, Path]]) -> list[str]:
    """The schema is compared where it must mean these files: an artifact's only ONNX model, all its safetensors."""
    problem = format_problem(pointer, KNOWN_FORMATS, frozenset(name for name, _ in found))
    models = [path for name, path in found if name == "onnx"]
    tensors = [path for name, path in found if name == "safetensors"]
    differences: list[str] = []
    if len(models) == 1 and pointer.get("schema"):
        differences += schema_problems(pointer, onnx_schema(models[0]))
    if tensors:
        differences += tensor_problems(pointer, [value for path in tensors for value in _values(path)])
    return [*([problem] if problem else []), *differences]


def _values(path: Path) -> tuple[Value, ...]:
    with path.open("rb") as stream:
        return safetensors_values(stream, path.stat().st_size)


def _problem(path: Path, error: FormatError) -> str:
    return f"{path}: {error.message}" + (f" ({error.hint})" if error.hint else "")
