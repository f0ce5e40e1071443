"""NumPy arrays and scalars, alone or nested in dicts, lists and tuples with plain values, as safetensors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from gitreg.errors import FormatError, UsageError
from gitreg.serializers.json_value import is_plain_leaf
from gitreg.serializers.nested import Outline, leaves, rebuild
from gitreg.serializers.optional import loaded, require

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    import numpy as np

_FILE = "model.safetensors"
# One key only: safetensors writes several in an order that differs from run to run.
_KEY = "gitreg"
# What safetensors holds as itself.  The rest (complex128, texts, dates, big-endian) goes as bytes, one axis more.
_NATIVE = frozenset(
    {"<f8", "<f4", "<f2", "<c8", "<i8", "<i4", "<i2", "|i1", "<u8", "<u4", "<u2", "|u1", "|b1"},
)
_WIDEST = {"f": 8, "c": 16}  # beyond, the machine decides what the bytes mean


class NumpySerializer:
    """Shape, dtype with its byte order, and the difference between a scalar and a 0-d array survive."""

    name = "numpy"
    runs_code = False

    def matches(self, model: object) -> bool:
        numpy = loaded("numpy")
        if numpy is None:
            return False
        arrays = [leaf for leaf in leaves(model) if not is_plain_leaf(leaf)]
        # A subclass (masked, matrix) would come back as a plain array.
        return bool(arrays) and all(type(leaf) is numpy.ndarray or isinstance(leaf, numpy.generic) for leaf in arrays)

    def save(self, model: object, directory: Path) -> None:
        numpy, save_file = require("numpy"), require("safetensors.numpy").save_file
        outline = Outline()
        root = outline.of(model)
        found = cast(dict[str, "np.ndarray | np.generic"], outline.named)
        kinds = {name: _kind(numpy, name, value) for name, value in found.items()}
        arrays = {name: _stored(numpy, value) for name, value in found.items()}
        facts = json.dumps({"outline": root, "kinds": kinds}, allow_nan=False)
        save_file(arrays, str(directory / _FILE), metadata={_KEY: facts})

    def load(self, directory: Path) -> object:
        numpy, safetensors = require("numpy"), require("safetensors")
        path = str(directory / _FILE)
        try:
            with safetensors.safe_open(path, "np") as file:
                facts = json.loads(file.metadata()[_KEY])
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a dict
            return rebuild(facts["outline"], lambda name: _restored(numpy, arrays[name], facts["kinds"][name]))
        except (safetensors.SafetensorError, ValueError, KeyError, TypeError) as error:
            raise FormatError(f"{_FILE} is not what gitreg writes for NumPy: {error}") from None


def _kind(numpy: ModuleType, name: str, value: np.ndarray | np.generic) -> list[str]:
    """[`array` or `scalar`, dtype].  Refuses element types whose bytes alone do not say what they mean."""
    dtype = value.dtype
    widest = _WIDEST.get(dtype.kind, dtype.itemsize)
    if dtype.kind not in "biufcmMSU" or dtype.itemsize > widest or not dtype.itemsize:
        hint = "convert it to numbers, texts or dates" if dtype.kind == "O" else None
        raise UsageError(f"the array {name!r} has the element type {dtype}, which is not stored as data", hint=hint)
    return ["scalar" if isinstance(value, numpy.generic) else "array", dtype.str]


def _stored(numpy: ModuleType, value: np.ndarray | np.generic) -> np.ndarray:
    array: np.ndarray = numpy.asarray(value, order="C")
    if array.dtype.str in _NATIVE:
        return array
    flat: np.ndarray = array.reshape(-1).view(numpy.uint8)
    return flat.reshape((*array.shape, array.dtype.itemsize))


def _restored(numpy: ModuleType, stored: np.ndarray, kind: list[str]) -> np.ndarray | np.generic:
    form, dtype = kind[0], numpy.dtype(kind[1])
    array = stored
    if dtype.str not in _NATIVE:
        array = stored.reshape(-1).view(dtype).reshape(stored.shape[:-1])
    return array[()] if form == "scalar" else array
