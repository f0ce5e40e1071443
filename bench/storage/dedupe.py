"""Bytes stored for the versions of models and tables, as a share of all their bytes: 1.0 means nothing is shared.

python -m bench.storage.dedupe [--scale 0.1] [CASE...]

HDF5 and parquet are measured where h5py and pyarrow are installed.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.storage import tables
from bench.storage.models import (
    Shape,
    Tensors,
    can_write_hdf5,
    trained,
    transformer,
    write_gguf,
    write_hdf5,
    write_onnx,
    write_safetensors,
    write_torch,
)
from bench.storage.schemes import SCHEMES, stored_share

Writer = Callable[[Path, Tensors], None]
WRITERS: dict[str, Writer] = {
    "safetensors": write_safetensors,
    "pt": write_torch,
    "gguf": write_gguf,
    "onnx": write_onnx,
} | ({"hdf5": write_hdf5} if can_write_hdf5() else {})
# The last column of the table this one must agree with, to 2 %.
EXPECTED = {
    "last layers tuned: safetensors": 0.544,
    "last layers tuned: pt": 0.544,
    "last layers tuned: gguf": 0.544,
    "last layers tuned: onnx": 0.550,
    "last layers tuned: hdf5": 0.544,
    "LoRA merged into q, v: safetensors": 0.558,
    "embedding + 8 rows: safetensors": 0.514,
    "embedding + 8 rows: pt": 0.514,
    "pt + safetensors of the same weights": 0.501,
    "reshard 1 -> 2 -> 5 files": 0.333,
    "csv: append 1 %": 0.505,
    "csv: insert a row": 0.513,
    "parquet: append 1 %": 0.544,
    "parquet: insert a row": 0.793,
    "full fine-tune: safetensors": 1.0,
}


@dataclass(frozen=True, slots=True)
class Case:
    """A name, and what writes its versions below a directory."""

    name: str
    make: Callable[[Path], list[Path]]


def cases(scale: float) -> Iterator[Case]:
    """All cases; `scale` 1 has 79 million parameters and 1.5 million rows."""
    shape = Shape(vocabulary=int(50_257 * scale), layers=max(2, round(17 * scale)))
    base = transformer(shape)
    last = [f"layer{layer:02}" for layer in range(shape.layers - max(1, round(2 * scale)), shape.layers)]
    for suffix in WRITERS:
        yield pair(f"last layers tuned: {suffix}", base, trained(base, *last, "final"), suffix)
    yield pair("LoRA merged into q, v: safetensors", base, trained(base, ".q", ".v"), "safetensors")
    grown = base | {"embed": np.concatenate([base["embed"], np.full((8, shape.width), 0.5, np.float32)])}
    for suffix in ("safetensors", "pt"):
        yield pair(f"embedding + 8 rows: {suffix}", base, grown, suffix)
    yield Case("pt + safetensors of the same weights", lambda root: _two_formats(root, base))
    yield Case("reshard 1 -> 2 -> 5 files", lambda root: [_shards(root, base, count) for count in (1, 2, 5)])
    yield pair("full fine-tune: safetensors", base, trained(base, ""), "safetensors")
    yield from _tables(int(1_500_000 * scale))


def pair(name: str, before: Tensors, after: Tensors, suffix: str) -> Case:
    """Two versions of one file."""

    def make(root: Path) -> list[Path]:
        paths = [root / "model.v1" / f"model.{suffix}", root / "model.v2" / f"model.{suffix}"]
        for path, tensors in zip(paths, (before, after), strict=True):
            path.parent.mkdir()
            WRITERS[suffix](path, tensors)
        return paths

    return Case(name, make)


def _two_formats(root: Path, tensors: Tensors) -> list[Path]:
    write_torch(root / "model.pt", tensors)
    write_safetensors(root / "model.safetensors", tensors)
    return [root / "model.pt", root / "model.safetensors"]


def _shards(root: Path, tensors: Tensors, count: int) -> Path:
    """Split after as many tensors as make an equal part of the bytes."""
    folder = root / f"shards{count}"
    folder.mkdir()
    total, done = sum(tensor.nbytes for tensor in tensors.values()), 0
    parts: list[dict[str, np.ndarray]] = [{} for _ in range(count)]
    for name, tensor in tensors.items():
        parts[done * count // total][name] = tensor
        done += tensor.nbytes
    for number, part in enumerate(parts, start=1):
        write_safetensors(folder / f"model-{number:05}-of-{count:05}.safetensors", part)
    return folder


def _tables(count: int) -> Iterator[Case]:
    formats = {"csv": tables.write_csv} | ({"parquet": tables.write_parquet} if tables.can_write_parquet() else {})
    for suffix, write in formats.items():
        for change, table in tables.versions(count):
            yield Case(f"{suffix}: {change}", lambda root, write=write, table=table: _table(root, write, count, table))


def _table(root: Path, write: Callable[[Path, list[str]], None], count: int, after: list[str]) -> list[Path]:
    write(root / "v1", tables.rows(count, 1))
    write(root / "v2", after)
    return [root / "v1", root / "v2"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("only", nargs="*", help="parts of the names of the cases to run")
    options = parser.parse_args()
    print("| case | " + " | ".join(SCHEMES) + " | expected |\n|---" + "|---" * (len(SCHEMES) + 1) + "|")
    for case in cases(options.scale):
        if options.only and not any(part in case.name for part in options.only):
            continue
        with tempfile.TemporaryDirectory() as root:
            versions = case.make(Path(root))
            shares = [stored_share(versions, scheme) for scheme in SCHEMES.values()]
        expected = EXPECTED.get(case.name)
        print(f"| {case.name} | {' | '.join(f'{share:.3f}' for share in shares)} | {expected} |", flush=True)


if __name__ == "__main__":
    main()
