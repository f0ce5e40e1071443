"""A program: make one pickled scikit-learn model a skops file in its directory, and say in JSON what came of it.

Reads `{"source", "sample"}` from stdin.  It loads and runs what nobody vouches for: `sklearn_sandbox` starts it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from gitreg.errors import GitregError
from gitreg.serializers.convert.sklearn_file import load_reviewed, save_compared

WRITTEN = "model.skops"


def main() -> None:
    request = json.load(sys.stdin)
    # What a model's code prints must not be taken for the answer.
    answer, sys.stdout = sys.stdout, sys.stderr
    source, sample = Path(request["source"]), request["sample"]
    try:
        json.dump({"notes": _converted(source, Path(sample) if sample else None)}, answer)
    except GitregError as error:
        json.dump({"kind": error.kind, "message": error.message, "hint": error.hint}, answer)
        sys.exit(1)


def _converted(source: Path, sample: Path | None) -> tuple[str, ...]:
    model, notes = load_reviewed(source)
    with tempfile.TemporaryDirectory() as folder:
        save_compared(model, Path(folder), sample).replace(WRITTEN)
    return notes


if __name__ == "__main__":
    main()
