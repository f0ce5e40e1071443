"""The gate `command`: a program of the registry's own decides, by its exit code or a JSON answer."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitreg.core.text import escape
from gitreg.errors import FormatError, NotFoundError, VerificationError
from gitreg.gates.gate import GateResult, Verdict
from gitreg.gates.programs import Bounds, concluded, doors_left, failed, last_line, read_bounds
from gitreg.sandbox.run import Task, python_environment, run_sandboxed

if TYPE_CHECKING:
    from gitreg.gates.gate import Candidate
    from gitreg.gates.options import Options
    from gitreg.sandbox.job import Ended

_FORMAT = 1
_KEYS = frozenset({"verdict", "figure", "reason", "evidence"})


@dataclass(frozen=True, slots=True)
class CommandGate:
    """`files` come from the protected branch and lie in the program's directory; `sha256` is the first one's."""

    name: str
    program: tuple[str, ...]
    files: tuple[str, ...]
    sha256: str | None
    bounds: Bounds

    def check(self, candidate: Candidate) -> GateResult:
        files = {path: candidate.branch_file(path) for path in self.files}
        self._check_pin(files)
        task = Task(
            self._command(),
            stdin=_request(self.name, candidate),
            files=files,
            readable=(candidate.checkout(),),
            hidden=candidate.hidden,
            environment=python_environment(),
            limits=self.bounds.limits,
        )
        try:
            ended = concluded(run_sandboxed(task), "the program")
            return _answered(self.name, ended)
        except FormatError as error:
            return failed(self.name, "", error)

    def _check_pin(self, files: dict[str, bytes]) -> None:
        if self.sha256 is not None and hashlib.sha256(files[self.files[0]]).hexdigest() != self.sha256:
            hint = "the policy's sha256 names another content; its admins must agree to the change"
            raise VerificationError(f"{escape(self.files[0])} on the protected branch is not the pinned one", hint=hint)

    def _command(self) -> tuple[str, ...]:
        first, *rest = self.program
        if first in self.files:
            return ("/usr/bin/env", f"./{first}", *rest)
        found = shutil.which(first)
        if found is None:
            raise NotFoundError(f"no program {escape(first)} on this machine", hint="install it, or look at PATH")
        return (str(Path(found).absolute()), *rest)


def build_command_gate(options: Options) -> CommandGate:
    """Options: `program`, a list of words; `files`, paths on the protected branch; `sha256` of the first of them.

    A program with a `/` that is not absolute is such a path itself.
    """
    options.only("program", "files", "sha256", "memory_mb")
    program = options.texts("program")
    if program is None:
        raise options.wrong("program", "is missing", hint='like ["gates/fairness.py", "--strict"]')
    own = (program[0],) if "/" in program[0] and not program[0].startswith("/") else ()
    files = tuple(dict.fromkeys((*own, *(options.texts("files") or ()))))
    for path in files:
        if path.startswith("/") or {"", ".", ".."} & set(path.split("/")):
            raise options.wrong("files", "must be paths on the protected branch", hint='like "gates/fairness.py"')
    sha256 = options.text("sha256")
    if sha256 is not None and not files:
        raise options.wrong("sha256", "has no file to be of")
    return CommandGate(options.gate, program, files, sha256, read_bounds(options))


def _request(gate: str, candidate: Candidate) -> bytes:
    artifact = candidate.pointer_data.get("artifact")
    facts = artifact if isinstance(artifact, dict) else {}
    request = {
        "format": _FORMAT,
        "gate": gate,
        "model": facts.get("name"),
        "version": candidate.version,
        "stage": candidate.stage,
        "manifest": facts.get("manifest"),
        "checkout": str(candidate.checkout()),
        "pointer": candidate.pointer_data,
        "baseline": candidate.baseline_metrics,
    }
    return json.dumps(request, default=str).encode()


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
    try:
        answer = json.loads(output)
    except (ValueError, RecursionError):
        raise FormatError("the program's answer is not JSON") from None
    if not all(key in _KEYS and isinstance(value, str) for key, value in answer.items()):
        raise FormatError(f"the program's answer may have the texts {', '.join(sorted(_KEYS))} only")
    return {str(key): str(value) for key, value in answer.items()}
