"""Which way a file is converted, by its content, and doing it into an empty folder.

Knows no command, and never replaces a file: what it writes is new, and its caller moves it into place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import assert_never

from gitreg.errors import FormatError, UsageError
from gitreg.serializers.convert import keras_program, sklearn_program
from gitreg.serializers.convert.apart import Program, convert_apart
from gitreg.serializers.convert.keras_weights import is_keras
from gitreg.serializers.convert.numpy_files import npy_tensors, npz_tensors
from gitreg.serializers.convert.safetensors_writer import WRITTEN, OnProgress, write_compared
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
# Loading an estimator takes what its code takes; weights, also compressed ones, a few times the bytes of their file.
_SKLEARN = Program(sklearn_program.__name__, sklearn_program.WRITTEN, room=32 << 30)
_KERAS = Program(keras_program.__name__, WRITTEN, room=4 << 30, growth=8)


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
            return _apart(_KERAS, wish, folder)
        case SourceFormat.NPZ:
            with npz_tensors(wish.source) as tensors:
                return _tensors(tensors, folder, progress)
        case SourceFormat.NPY:
            return _tensors(npy_tensors(wish.source), folder, progress)
        case SourceFormat.PICKLE:
            return _apart(_SKLEARN, wish, folder)
        case _:
            assert_never(kind)


def _apart(program: Program, wish: Wish, folder: Path) -> Converted:
    made = convert_apart(program, wish.source, wish.sample, folder)
    return Converted(made.path, made.tensors, {}, made.notes)


def _tensors(tensors: Sequence[Tensor], folder: Path, progress: OnProgress) -> Converted:
    write_compared(folder / WRITTEN, tensors, {}, progress)
    return Converted(folder / WRITTEN, len(tensors), {}, ())


def _from_torch(wish: Wish, file: TorchFile, folder: Path, progress: OnProgress) -> Converted:
    named = named_views(file.loaded, wish.part)
    untied = untie(named.views)
    metadata = {"format": "pt", **({OUTLINE_KEY: named.outline} if named.outline else {})}
    if taken := metadata.keys() & untied.aliases.keys():
        raise FormatError(f"ties a tensor under the name '{min(taken)}', which safetensors files use themselves")
    with wish.source.open("rb") as source:
        tensors = torch_tensors(untied.views, file.extents, source.fileno())
        write_compared(folder / WRITTEN, tensors, {**metadata, **untied.aliases}, progress)
    return Converted(folder / WRITTEN, len(tensors), untied.aliases, ())
