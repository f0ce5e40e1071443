"""Converting a pickled scikit-learn model where it can do no harm: what a forged tree points to is not checked."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

from gitreg.core.text import escape
from gitreg.errors import FormatError, GitregError, MissingDependencyError, UsageError, VerificationError
from gitreg.sandbox.job import MIB, Ended, Limits, Outcome
from gitreg.sandbox.run import Task, python_environment, run_sandboxed
from gitreg.serializers.convert.sklearn_program import WRITTEN

_LIMITS = Limits(seconds=3600.0, memory=32 << 30, file_size=8 << 30, output=MIB)
_KINDS = {each.kind: each for each in (FormatError, MissingDependencyError, UsageError, VerificationError)}


def convert_pickle(source: Path, sample: Path | None, folder: Path) -> tuple[Path, tuple[str, ...]]:
    """The skops file in the folder, and notes: what scikit-learn warned of, what this system could not shut.

    Raises:
        FormatError, UsageError, VerificationError, MissingDependencyError: as the conversion itself does.
    """
    target = folder / WRITTEN
    read = [path.resolve() for path in (source, sample) if path is not None]
    request = {"source": str(read[0]), "sample": str(read[1]) if sample else None}
    task = Task(
        (sys.executable, "-m", "gitreg.serializers.convert.sklearn_program"),
        stdin=json.dumps(request).encode(),
        readable=tuple(read),
        environment=python_environment(),
        limits=_LIMITS,
        kept={WRITTEN: target},
    )
    ended = run_sandboxed(task)
    notes = _answer(ended).get("notes")
    if ended.outcome is not Outcome.EXITED or ended.code or not isinstance(notes, list):
        raise _failure(ended)
    return target, tuple(escape(str(note)) for note in (*notes, *ended.open_doors))


def _failure(ended: Ended) -> GitregError:
    """What the program says itself, if it came so far."""
    match _answer(ended):
        case {"kind": str(kind), "message": str(message), "hint": str() | None as hint} if kind in _KINDS:
            return _KINDS[kind](escape(message), hint=escape(hint) if hint else None)
    if ended.outcome is Outcome.SIGNALLED:
        how = f"crashed the process that loaded it ({signal.Signals(ended.code).name})"
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
