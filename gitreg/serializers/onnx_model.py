"""ONNX models as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitreg.errors import FormatError, UsageError
from gitreg.serializers.optional import loaded, require

if TYPE_CHECKING:
    from pathlib import Path

    import onnx

_FILE = "model.onnx"
_LARGEST = 1 << 31


class OnnxSerializer:
    """The same model gives the same bytes: protobuf is asked to be deterministic."""

    name = "onnx"
    runs_code = False

    def matches(self, model: object) -> bool:
        module = loaded("onnx")
        return module is not None and isinstance(model, module.ModelProto)

    def save(self, model: onnx.ModelProto, directory: Path) -> None:
        helper = require("onnx.external_data_helper")
        hint = "save the model with its files by `gitreg add`"
        if any(helper.uses_external_data(tensor) for tensor in model.graph.initializer):
            raise UsageError("this ONNX model keeps weights in other files", hint=hint)
        if model.ByteSize() >= _LARGEST:
            raise UsageError("this ONNX model is larger than the 2 GiB of one file", hint=hint)
        (directory / _FILE).write_bytes(model.SerializeToString(deterministic=True))

    def load(self, directory: Path) -> object:
        model = require("onnx").ModelProto()
        try:
            model.ParseFromString((directory / _FILE).read_bytes())
        except Exception as error:  # protobuf's own type lies in another place in every release
            raise FormatError(f"{_FILE} is not ONNX: {error}") from error
        return model
