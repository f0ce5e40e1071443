"""What is pushed and pulled: one big file or many small ones, and the same with a tenth of the bytes changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from bench.storage.costs import MIB
from bench.storage.models import write_safetensors
from bench.storage.run import write_big, write_small

_KIB = 1 << 10
_TENSOR = 64 * MIB


@dataclass(frozen=True, slots=True)
class Work:
    """Files to write into a folder; the goal is one request per `share` bytes."""

    write: Callable[[Path], None]
    share: int


def works(size: int) -> dict[str, Work]:
    """By name; a big file has `size` MiB.  `tiny` only shows that all of it runs."""
    small = 256 * _KIB
    return {
        "big": Work(partial(write_big, size=size), 4 * MIB),
        "model": Work(partial(_write_model, size=size * MIB), 4 * MIB),
        "small": Work(partial(write_small, count=2_000), small),
        "many": Work(partial(write_small, count=20_000), small),
        "tiny": Work(partial(write_small, count=400), small),
    }


def change(model: Path) -> int:
    """Write a tenth of the bytes anew: the end of a big file, or all of every tenth folder; returns how many."""
    places = sorted(model.iterdir())
    if places[0].is_file():
        return _rewrite(places[0], 10)
    return sum(_rewrite(path, 1) for folder in places[::10] for path in folder.iterdir())


def _write_model(source: Path, size: int) -> None:
    """Weights, whose tensors gitreg sees where `big` is any bytes to it."""
    source.mkdir()
    length = min(size, _TENSOR)
    tensors = {f"layer{number:03}": _random(length) for number in range(size // length)}
    write_safetensors(source / "model.safetensors", tensors)


def _random(length: int) -> np.ndarray:
    return np.frombuffer(os.urandom(length), dtype=np.float32)


def _rewrite(path: Path, part: int) -> int:
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(size - size // part)
        return file.write(os.urandom(size // part))
