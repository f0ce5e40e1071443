"""A program: make one pickled scikit-learn model a skops file in its directory.

It loads and runs what nobody vouches for: `apart` starts it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from gitreg.serializers.convert.apart_program import answer_with
from gitreg.serializers.convert.sklearn_file import load_reviewed, save_compared

WRITTEN = "model.skops"


def _converted(source: Path, sample: Path | None) -> tuple[int, tuple[str, ...]]:
    model, notes = load_reviewed(source)
    with tempfile.TemporaryDirectory() as folder:
        save_compared(model, Path(folder), sample).replace(WRITTEN)
    return 0, notes


if __name__ == "__main__":
    answer_with(_converted)
