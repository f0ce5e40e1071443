"""Converting where a hostile file can do no harm: in a process without rights, of whose answer little is believed.

For what is read by code that trusts its input, in C: HDF5, and the trees and indices of scikit-learn.
"""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from gitreg.core.text import escape
from gitreg.errors import (
    FormatError,
    GitregError,
    MissingDependencyError,
    StorageError,
    UsageError,
    VerificationError,
)
from gitreg.sandbox.job import MIB, Ended, Limits, Outcome
from gitreg.sandbox.run import Task, python_environment, run_sandboxed

_SECONDS = 3600.0
_KINDS = {
    each.kind: each for each in (FormatError, MissingDependencyError, StorageError, UsageError, VerificationError)
}


@dataclass(frozen=True, slots=True)
class Program:
    """A module that reads a source and leaves one file, `written`, in its directory.

    Its memory, and what it writes, is bounded by `room` bytes and `growth` more for each byte of the source.
    """

    module: str
    written: str
    room: int
    growth: int = 0

    def limits(self, size: int) -> Limits:
        most = self.room + self.growth * size
        return Limits(seconds=_SECONDS, memory=most, file_size=most, output=MIB)


@dataclass(frozen=True, slots=True)
class Made:
    """What a program made: `tensors` is 0 for an estimator; `notes` for the person who converts."""

    path: Path
    tensors: int
    notes: tuple[str, ...]


def convert_apart(program: Program, source: Path, sample: Path | None, folder: Path) -> Made:
    """What the program wrote, in the folder, and notes: its own, and what this system could not shut.

    Raises:
        FormatError, UsageError, VerificationError, MissingDependencyError, StorageError: as the program says itself.
    """
    target = folder / program.written
    read = [path.resolve() for path in (source, sample) if path is not None]
    request = {"source": str(read[0]), "sample": str(read[1]) if sample else None}
    task = Task(
        (sys.executable, "-m", program.module),
        stdin=json.dumps(request).encode(),
        readable=tuple(read),
        environment=python_environment(),
        limits=program.limits(source.stat().st_size),
        kept={program.written: target},
        beside=folder,
    )
    ended = run_sandboxed(task)
    if ended.outcome is Outcome.EXITED and not ended.code:
        match _answer(ended):
            case {"tensors": int(tensors), "notes": list(notes)}:
                return Made(target, tensors, tuple(escape(str(note)) for note in (*notes, *ended.open_doors)))
    raise _failure(ended)


def _failure(ended: Ended) -> GitregError:
    """What the program says itself, if it came so far."""
    match _answer(ended):
        case {"kind": str(kind), "message": str(message), "hint": str() | None as hint} if kind in _KINDS:
            return _KINDS[kind](escape(message), hint=escape(hint) if hint else None)
    if ended.outcome is Outcome.SIGNALLED:
        how = f"crashed the process that loaded it ({signal.strsignal(ended.code) or ended.code})"
        return FormatError(how, hint="it is damaged or forged; do not load it")
    lines = ended.stderr.decode("utf-8", "replace").strip().splitlines()
    detail = ended.detail or (lines[-1] if lines else f"exit code {ended.code}")
    return FormatError(f"was not converted: its process {ended.outcome.value}: {escape(detail[:200])}")


def _answer(ended: Ended) -> dict[str, object]:
    try:
        answer = json.loads(ended.stdout)
    except (ValueError, RecursionError):
        answer = None
    return answer if isinstance(answer, dict) else {}
