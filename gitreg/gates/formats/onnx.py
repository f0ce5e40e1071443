"""ONNX: the protobuf parses and the project's own checker accepts it, external data included."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from gitreg.errors import FormatError, MissingDependencyError

_LARGEST = 1 << 31  # what protobuf itself can parse; larger models keep their weights outside


def check_onnx(path: Path) -> None:
    """Raises FormatError for an invalid model, MissingDependencyError where the checker is not installed."""
    if path.stat().st_size >= _LARGEST:
        raise FormatError("is larger than the 2 GiB that ONNX allows")
    try:
        checker = import_module("onnx.checker")
    except ImportError:
        hint = "pip install 'gitreg[models]'"
        raise MissingDependencyError("checking an ONNX file needs the package onnx", hint=hint) from None
    try:
        checker.check_model(str(path))
    except Exception as error:  # noqa: BLE001  C++ behind bindings: the types differ from release to release
        first = str(error).strip().split("\n", 1)[0]
        raise FormatError(f"is not valid ONNX: {first}") from None
