"""The gate `command`: a program of the registry's own decides, by its exit code or a JSON answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitreg.core.text import escape
from gitreg.errors import FormatError
from gitreg.gates import own_program
from gitreg.gates.gate import GateResult, Verdict
from gitreg.gates.own_program import OwnProgram, read_program
from gitreg.gates.programs import answer_object, doors_left, failed, last_line

if TYPE_CHECKING:
    from gitreg.gates.gate import Candidate
    from gitreg.gates.options import Options
    from gitreg.sandbox.job import Ended

_KEYS = frozenset({"verdict", "figure", "reason", "evidence"})


@dataclass(frozen=True, slots=True)
class CommandGate:
    name: str
    program: OwnProgram

    def check(self, candidate: Candidate) -> GateResult:
        try:
            return _answered(self.name, self.program.run(self.name, candidate))
        except FormatError as error:
            return failed(self.name, "", error)


def build_command_gate(options: Options) -> CommandGate:
    """Options: `program`, a list of words, and those of every program of the registry's own."""
    options.only("program", *own_program.OPTIONS)
    return CommandGate(options.gate, read_program(options, "program"))


def _answered(name: str, ended: Ended) -> GateResult:
    """Both must say yes: an exit code of 0, and the verdict `pass` if there is a JSON answer."""
    answer = _answer(ended.stdout)
    said = answer.get("verdict", "pass")
    if said not in ("pass", "fail"):
        raise FormatError(f'the program answers the verdict {escape(said)}, neither "pass" nor "fail"')
    passed = said == "pass" and ended.code == 0
    reason = answer.get("reason") or last_line(ended.stdout if not answer else b"") or last_line(ended.stderr)
    figure = answer.get("figure") or f"exit code {ended.code}"
    evidence = answer.get("evidence", "")
    verdict = Verdict.PASS if passed else Verdict.FAIL
    return GateResult(name, verdict, figure, (reason or "the program says no more") + doors_left(ended), evidence)


def _answer(output: bytes) -> dict[str, str]:
    """Empty if the output is no JSON object, but words for people.  Raises FormatError if it is a malformed answer."""
    if not output.lstrip().startswith(b"{"):
        return {}
    answer = answer_object(output, "the program")
    if not all(key in _KEYS and isinstance(value, str) for key, value in answer.items()):
        raise FormatError(f"the program's answer may have the texts {', '.join(sorted(_KEYS))} only")
    return {str(key): str(value) for key, value in answer.items()}
