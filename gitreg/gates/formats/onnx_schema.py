"""What goes into an ONNX model and what comes out, by its own graph.  Reads no weights that lie in other files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitreg.gates.formats.onnx_model import load_onnx, onnx_package
from gitreg.gates.formats.value import Value


@dataclass(frozen=True, slots=True)
class OnnxSchema:
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]


def onnx_schema(path: Path) -> OnnxSchema:
    """Of a model that the checker accepted.  Inputs that have a default are left out."""
    onnx, graph = onnx_package(), load_onnx(path).graph
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
