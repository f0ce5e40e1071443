"""A program: make the weights of one Keras archive a safetensors file in its directory.

HDF5 is a large library in C that trusts its files: `apart` starts this.
"""

from __future__ import annotations

from pathlib import Path

from gitreg.serializers.convert.apart_program import answer_with
from gitreg.serializers.convert.keras_weights import keras_tensors
from gitreg.serializers.convert.safetensors_writer import WRITTEN, write_compared

_KEPT = "the architecture stays in the .keras file's config.json; safetensors holds the weights only"


def _converted(source: Path, _sample: Path | None) -> tuple[int, tuple[str, ...]]:
    with keras_tensors(source, Path.cwd()) as tensors:
        write_compared(Path(WRITTEN), tensors, {}, lambda _done, _total: None)
    return len(tensors), (_KEPT,)


if __name__ == "__main__":
    answer_with(_converted)
