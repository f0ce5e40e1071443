"""The other side of `apart`: what every program that converts in a sandbox reads, and how it says what came of it.

Reads `{"source", "sample"}` from stdin, answers in JSON.  Knows no format.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from gitreg.errors import FormatError, GitregError, StorageError

# Leaves one file in the working directory; gives the number of its tensors, and notes.
Conversion = Callable[[Path, Path | None], tuple[int, tuple[str, ...]]]


def answer_with(conversion: Conversion) -> None:
    """Convert what stdin asks for; exit code 1 if that fails."""
    request = json.load(sys.stdin)
    # What a model's code prints must not be taken for the answer.
    answer, sys.stdout = sys.stdout, sys.stderr
    source, sample = Path(request["source"]), request["sample"]
    try:
        tensors, notes = conversion(source, Path(sample) if sample else None)
        json.dump({"tensors": tensors, "notes": notes}, answer)
    except (GitregError, MemoryError, OSError) as error:
        said = _said(error, source)
        json.dump({"kind": said.kind, "message": said.message, "hint": said.hint}, answer)
        sys.exit(1)


def _said(error: GitregError | MemoryError | OSError, source: Path) -> GitregError:
    match error:
        case GitregError():
            return error
        case MemoryError():
            return FormatError("needs more memory than files of its size may take", hint="it may be forged")
        case OSError():
            return StorageError(f"cannot convert {source}: {error.strerror or error}", hint="nothing was written")
