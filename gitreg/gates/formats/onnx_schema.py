"""What goes into an ONNX model and what comes out, by its own graph.  Reads no weights that lie in other files."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from gitreg.errors import FormatError, MissingDependencyError


@dataclass(frozen=True, slots=True)
class Value:
    """`kind` is NumPy's name, `shape` has None where the model takes any extent; both None if the graph is silent."""

    name: str
    kind: str | None
    shape: tuple[int | None, ...] | None


@dataclass(frozen=True, slots=True)
class OnnxSchema:
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]


def onnx_schema(path: Path) -> OnnxSchema:
    """Of a model that the checker accepted.  Inputs that have a default are left out."""
    try:
        onnx: Any = import_module("onnx")
    except ImportError:
        hint = "pip install 'gitreg[models]'"
        raise MissingDependencyError("reading an ONNX file needs the package onnx", hint=hint) from None
    try:
        graph = onnx.load(str(path), load_external_data=False).graph
    except Exception as error:  # noqa: BLE001  protobuf's own type lies in another place in every release
        raise FormatError(f"is not ONNX: {error}") from None
    defaults = {tensor.name for tensor in graph.initializer}
    inputs = tuple(_value(onnx, item) for item in graph.input if item.name not in defaults)
    return OnnxSchema(inputs, tuple(_value(onnx, item) for item in graph.output))


def _value(onnx: Any, item: Any) -> Value:  # noqa: ANN401  protobuf has no types
    tensor = item.type.tensor_type
    if not item.type.HasField("tensor_type") or tensor.elem_type not in onnx.TensorProto.DataType.values():
        return Value(item.name, None, None)
    kind = str(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)) if tensor.elem_type else None
    if not tensor.HasField("shape"):
        return Value(item.name, kind, None)
    shape = tuple(extent.dim_value if extent.HasField("dim_value") else None for extent in tensor.shape.dim)
    return Value(item.name, kind, shape)
