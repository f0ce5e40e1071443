"""The gate `format`: every file of the artifact is what it claims to be, and none is a pickle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitreg.errors import FormatError
from gitreg.gates.declared import feature_problems, format_problem, schema_problems, tensor_problems
from gitreg.gates.formats.npz_schema import npz_values
from gitreg.gates.formats.onnx_schema import onnx_schema
from gitreg.gates.formats.safetensors import safetensors_values
from gitreg.gates.formats.skops_schema import skops_features
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
    """The schema is compared where it must mean these files: an artifact's only model, all its tensors and arrays."""
    problem = format_problem(pointer, KNOWN_FORMATS, frozenset(name for name, _ in found))
    differences = _model_problems(pointer, found) if pointer.get("schema") else []
    tensors = [(name, path) for name, path in found if name in {"safetensors", "npz"}]
    if tensors:
        differences += tensor_problems(pointer, [value for each in tensors for value in _values(*each)])
    return [*([problem] if problem else []), *differences]


def _model_problems(pointer: Mapping[str, object], found: list[tuple[str, Path]]) -> list[str]:
    """Beside an ONNX model, one of scikit-learn may prepare its inputs: what is declared is then the former's."""
    onnx = [path for name, path in found if name == "onnx"]
    skops = [path for name, path in found if name == "skops"]
    if len(onnx) == 1:
        return list(schema_problems(pointer, onnx_schema(onnx[0])))
    features = skops_features(skops[0]) if not onnx and len(skops) == 1 else None
    return [] if features is None else list(feature_problems(pointer, features))


def _values(name: str, path: Path) -> tuple[Value, ...]:
    with path.open("rb") as stream:
        return npz_values(stream) if name == "npz" else safetensors_values(stream, path.stat().st_size)


def _problem(path: Path, error: FormatError) -> str:
    return f"{path}: {error.message}" + (f" ({error.hint})" if error.hint else "")
