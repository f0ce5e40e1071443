"""The package `onnx`, which not everybody has installed, and a model that it reads.  Checks nothing."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from gitreg.errors import FormatError, MissingDependencyError


def onnx_package(module: str = "onnx") -> Any:  # noqa: ANN401  protobuf has no types
    """Raises MissingDependencyError."""
    try:
        return import_module(module)
    except ImportError:
        hint = "pip install 'gitreg[models]'"
        raise MissingDependencyError("checking an ONNX file needs the package onnx", hint=hint) from None


def load_onnx(path: Path) -> Any:  # noqa: ANN401
    """The model without the weights that lie in other files.  Raises FormatError, MissingDependencyError."""
    onnx = onnx_package()
    try:
        return onnx.load(str(path), format="protobuf", load_external_data=False)
    except Exception as error:  # noqa: BLE001  protobuf's own type lies in another place in every release
        raise FormatError(f"is not ONNX: {error}") from None
