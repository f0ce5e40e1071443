"""Which way a file is converted, by its content, and doing it into an empty folder.

Knows no command, and never replaces a file: what it writes is new, and its caller moves it into place.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import assert_never

from gitreg.errors import FormatError, UsageError
from gitreg.serializers.convert.keras_weights import is_keras, keras_tensors
from gitreg.serializers.convert.numpy_files import npy_tensors, npz_tensors
from gitreg.serializers.convert.safetensors_writer import compare_tensors, write_tensors
from gitreg.serializers.convert.sklearn_sandbox import convert_pickle
from gitreg.serializers.convert.tensor import Tensor
from gitreg.serializers.convert.torch_file import (
    LEGACY_HEAD,
    TorchFile,
    is_torch_zip,
    read_torch_legacy,
    read_torch_zip,
)
from gitreg.serializers.convert.torch_state_tree import OUTLINE_KEY, named_views
from gitreg.serializers.convert.torch_tensors import torch_tensors, untie

_ZIP = b"PK\x03\x04"
_NPY = b"\x93NUMPY"
_PICKLES = (b"\x80", b"\x78", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x5d\x00\x00")  # bare, or as joblib compresses
_KEPT = "the architecture stays in the .keras file's config.json; safetensors holds the weights only"

OnProgress = Callable[[int, int], None]


class SourceFormat(StrEnum):
    """What a file is, whatever its name."""

    TORCH = "torch"
    TORCH_LEGACY = "torch before 1.6"
    KERAS = "keras v3"
    NPZ = "npz"
    NPY = "npy"
    PICKLE = "pickle"

    @property
    def target_suffix(self) -> str:
        return ".skops" if self is SourceFormat.PICKLE else ".safetensors"


@dataclass(frozen=True, slots=True)
class Wish:
    """`part`: one entry of a torch checkpoint.  `sample`: rows, as .npy, that a scikit-learn model predicts on."""

    source: Path
    part: str | None = None
    sample: Path | None = None


@dataclass(frozen=True, slots=True)
class Converted:
    """`tensors` is 0 for an estimator.  `aliases`: each name that was left out, and the name whose tensor it shares."""

    path: Path
    tensors: int
    aliases: Mapping[str, str]
    notes: tuple[str, ...]


def source_format(path: Path) -> SourceFormat:
    """By content.  Raises FormatError for a format that cannot be converted."""
    with path.open("rb") as file:
        head = file.read(len(LEGACY_HEAD))
    if head.startswith(_ZIP):
        if is_torch_zip(path):
            return SourceFormat.TORCH
        return SourceFormat.KERAS if is_keras(path) else SourceFormat.NPZ
    if head.startswith(_NPY):
        return SourceFormat.NPY
    if head == LEGACY_HEAD:
        return SourceFormat.TORCH_LEGACY
    if head.startswith(_PICKLES):
        return SourceFormat.PICKLE
    hint = "known are torch, Keras v3 (.keras), .npy, .npz, and scikit-learn by pickle or joblib"
    raise FormatError("is of no format that can be converted", hint=hint)


def refuse_options(wish: Wish, kind: SourceFormat) -> None:
    """Raises UsageError for an option that would have no effect."""
    if wish.part and kind not in {SourceFormat.TORCH, SourceFormat.TORCH_LEGACY}:
        raise UsageError("--part chooses an entry of a torch checkpoint, and the source is none")
    if wish.sample and kind is not SourceFormat.PICKLE:
        raise UsageError("--sample is for scikit-learn models; tensors are compared bit for bit")


def convert(wish: Wish, kind: SourceFormat, folder: Path, progress: OnProgress) -> Converted:
    """Write one new file into the folder, read it back, and compare.

    Raises:
        FormatError: with the reason why it cannot be converted safely.
        VerificationError: what was written is not what the source holds.
        MissingDependencyError: an optional package is needed.
    """
    match kind:
        case SourceFormat.TORCH:
            return _from_torch(wish, read_torch_zip(wish.source), folder, progress)
        case SourceFormat.TORCH_LEGACY:
            return _from_torch(wish, read_torch_legacy(wish.source), folder, progress)
        case SourceFormat.KERAS:
            with keras_tensors(wish.source, folder) as tensors:
                return Converted(_written(folder, tensors, {}, progress), len(tensors), {}, (_KEPT,))
        case SourceFormat.NPZ:
            with npz_tensors(wish.source) as tensors:
                return Converted(_written(folder, tensors, {}, progress), len(tensors), {}, ())
        case SourceFormat.NPY:
            return Converted(_written(folder, npy_tensors(wish.source), {}, progress), 1, {}, ())
        case SourceFormat.PICKLE:
            path, notes = convert_pickle(wish.source, wish.sample, folder)
            return Converted(path, 0, {}, notes)
        case _:
            assert_never(kind)


def _from_torch(wish: Wish, file: TorchFile, folder: Path, progress: OnProgress) -> Converted:
    named = named_views(file.loaded, wish.part)
    untied = untie(named.views)
    metadata = {"format": "pt", **({OUTLINE_KEY: named.outline} if named.outline else {})}
    if taken := metadata.keys() & untied.aliases.keys():
        raise FormatError(f"ties a tensor under the name '{min(taken)}', which safetensors files use themselves")
    with wish.source.open("rb") as source:
        tensors = torch_tensors(untied.views, file.extents, source.fileno())
        path = _written(folder, tensors, {**metadata, **untied.aliases}, progress)
    return Converted(path, len(tensors), untied.aliases, ())


def _written(folder: Path, tensors: Sequence[Tensor], metadata: Mapping[str, str], progress: OnProgress) -> Path:
    """Written, on the disk, and compared: twice the bytes, as far as progress goes."""
    path = folder / "model.safetensors"
    total = 2 * sum(tensor.nbytes for tensor in tensors)
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress(done, total)

    with path.open("x+b") as stream:
        ordered = write_tensors(stream, tensors, metadata, advance)
        stream.flush()
        os.fsync(stream.fileno())
        compare_tensors(stream, ordered, advance)
    return path
