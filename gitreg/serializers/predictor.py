"""From a saved model to a function that predicts, whatever the framework.  Knows no gate and no figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from gitreg.errors import FormatError, NotFoundError, UsageError
from gitreg.serializers.marker import serializer_of
from gitreg.serializers.optional import require, type_name

if TYPE_CHECKING:
    from pathlib import Path

_RUNTIME = "pip install onnxruntime numpy"

Predict = Callable[[object], object]


def predictor(directory: Path) -> Predict:
    """Load what lies in a directory.  A model that `runs_code` does so here: call this in a sandbox only.

    Raises:
        NotFoundError, FormatError: nothing there that is known to be a model.
        UsageError: a model that cannot predict, such as bare weights.
    """
    try:
        model = serializer_of(directory).load(directory)
    except NotFoundError:
        return _onnx(_only_onnx_file(directory).read_bytes())
    if hasattr(model, "SerializeToString"):
        return _onnx(model.SerializeToString())
    found = getattr(model, "predict", None) or model
    if not callable(found):
        raise UsageError(f"a {type_name(model)} cannot predict", hint="save it with what computes its output")
    predict: Predict = found
    return predict


def _only_onnx_file(directory: Path) -> Path:
    files = sorted(directory.rglob("*.onnx"))
    if len(files) != 1:
        raise NotFoundError(f"neither a saved model nor one ONNX file, but {len(files)} of them")
    return files[0]


def _onnx(content: bytes) -> Predict:
    runtime = require("onnxruntime", hint=_RUNTIME)
    try:
        session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's own types lie in other places in every release
        raise FormatError(f"onnxruntime does not load it: {error}") from error
    inputs = {each.name: each.type for each in session.get_inputs()}

    def predict(sample: object) -> object:
        given = sample if isinstance(sample, Mapping) else {next(iter(inputs)): sample}
        typed = {name: _typed(value, inputs.get(name, "")) for name, value in given.items()}
        output: object = session.run(None, typed)[0]
        return output

    return predict


def _typed(value: object, declared: str) -> object:
    """JSON knows one kind of number, ONNX many."""
    kinds = {"float": "float32", "double": "float64", "string": "str"}
    word = declared.removeprefix("tensor(").removesuffix(")")
    array: object = require("numpy").asarray(value, dtype=kinds.get(word, word) or None)
    return array
