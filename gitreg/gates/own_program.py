"""A program of the registry's own: files of the protected branch, run in a sandbox on the candidate's facts and files.

Knows the request that it gets, and not what its answer means.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitreg.core.text import escape
from gitreg.errors import NotFoundError, VerificationError
from gitreg.gates.programs import Bounds, concluded, read_bounds
from gitreg.sandbox.run import Task, python_environment, run_sandboxed

if TYPE_CHECKING:
    from gitreg.gates.gate import Candidate
    from gitreg.gates.options import Options
    from gitreg.sandbox.job import Ended

_FORMAT = 1
OPTIONS = ("files", "sha256", "memory_mb")


@dataclass(frozen=True, slots=True)
class OwnProgram:
    """`files` come from the protected branch and lie in the program's directory; `sha256` is the first one's."""

    words: tuple[str, ...]
    files: tuple[str, ...]
    sha256: str | None
    bounds: Bounds

    def run(self, gate: str, candidate: Candidate, besides: Mapping[str, Path] | None = None) -> Ended:
        """`besides`: other directories that it may read, by the key under which the request names them.

        Raises:
            NotConcludedError: it did not end by itself.
            NotFoundError, VerificationError: it is not there, or not the pinned one.
        """
        files = {path: candidate.branch_file(path) for path in self.files}
        self._check_pin(files)
        places = {"checkout": candidate.checkout(), **(besides or {})}
        task = Task(
            self._command(),
            stdin=_request(gate, candidate, places),
            files=files,
            readable=tuple(places.values()),
            hidden=candidate.hidden,
            environment=python_environment(),
            limits=self.bounds.limits,
        )
        return concluded(run_sandboxed(task), "the program")

    def _check_pin(self, files: Mapping[str, bytes]) -> None:
        if self.sha256 is not None and hashlib.sha256(files[self.files[0]]).hexdigest() != self.sha256:
            hint = "the policy's sha256 names another content; its admins must agree to the change"
            raise VerificationError(f"{escape(self.files[0])} on the protected branch is not the pinned one", hint=hint)

    def _command(self) -> tuple[str, ...]:
        first, *rest = self.words
        if first in self.files:
            return ("/usr/bin/env", f"./{first}", *rest)
        found = shutil.which(first)
        if found is None:
            raise NotFoundError(f"no program {escape(first)} on this machine", hint="install it, or look at PATH")
        return (str(Path(found).absolute()), *rest)


def read_program(options: Options, option: str) -> OwnProgram:
    """`option` is a list of words; `files`, paths on the protected branch; `sha256`, of the first of them.

    A program with a `/` that is not absolute is such a path itself.
    """
    words = options.texts(option)
    if words is None:
        raise options.wrong(option, "is missing", hint='like ["gates/fairness.py", "--strict"]')
    own = (words[0],) if "/" in words[0] and not words[0].startswith("/") else ()
    files = tuple(dict.fromkeys((*own, *(options.texts("files") or ()))))
    for path in files:
        if path.startswith("/") or {"", ".", ".."} & set(path.split("/")):
            raise options.wrong("files", "must be paths on the protected branch", hint='like "gates/fairness.py"')
    sha256 = options.text("sha256")
    if sha256 is not None and not files:
        raise options.wrong("sha256", "has no file to be of")
    return OwnProgram(words, files, sha256, read_bounds(options))


def _request(gate: str, candidate: Candidate, places: Mapping[str, Path]) -> bytes:
    artifact = candidate.pointer_data.get("artifact")
    facts = artifact if isinstance(artifact, dict) else {}
    request = {
        "format": _FORMAT,
        "gate": gate,
        "model": facts.get("name"),
        "version": candidate.version,
        "stage": candidate.stage,
        "manifest": facts.get("manifest"),
        "pointer": candidate.pointer_data,
        "baseline": candidate.baseline_metrics,
        **{key: str(place) for key, place in places.items()},
    }
    return json.dumps(request, default=str).encode()
