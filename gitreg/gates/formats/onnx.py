"""ONNX: the project's own checker accepts it, its operators are known, and weights outside are all there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gitreg.errors import FormatError
from gitreg.gates.formats.onnx_model import load_onnx, onnx_package

_LARGEST = 1 << 31  # what protobuf itself can parse; larger models keep their weights outside
# Of the table of releases: the columns that say which operators a release knows.
_COLUMNS = {"": 2, "ai.onnx": 2, "ai.onnx.ml": 3, "ai.onnx.training": 4, "ai.onnx.preview.training": 4}
_OTHERS = frozenset({"com.microsoft"})  # ONNX Runtime's own, with one version only
_SHOWN = 60


def check_onnx(path: Path) -> None:
    """Raises FormatError for an invalid model, MissingDependencyError where the checker is not installed."""
    if path.stat().st_size >= _LARGEST:
        raise FormatError("is larger than the 2 GiB that ONNX allows")
    checker = onnx_package("onnx.checker")
    try:
        checker.check_model(str(path))
    except Exception as error:  # noqa: BLE001  C++ behind bindings: the types differ from release to release
        first = str(error).strip().split("\n", 1)[0]
        raise FormatError(f"is not valid ONNX: {first}") from None
    model = load_onnx(path)
    _check_operators(model)
    for tensor in _tensors(model):
        _check_weights(tensor, path.parent)


def _check_operators(model: Any) -> None:  # noqa: ANN401  protobuf has no types
    """The checker believes a version from the future, and every domain that it does not know."""
    releases = onnx_package("onnx.helper").VERSION_TABLE
    own = {function.domain for function in model.functions}
    domains = [each.domain or "ai.onnx" for each in model.opset_import]
    if len(set(domains)) != len(domains):
        raise FormatError("names two versions of the same operators, of which readers choose differently")
    for each in model.opset_import:
        column = _COLUMNS.get(each.domain)
        if column is None:
            if each.domain not in _OTHERS | own:
                raise FormatError(f"needs operators of the domain {each.domain[:_SHOWN]!r}, which is not known")
            continue
        newest = max(row[column] for row in releases if len(row) > column)
        if not 1 <= each.version <= newest:
            raise FormatError(f"needs version {each.version} of the operators {each.domain!r}, known are 1 to {newest}")


def _tensors(message: Any) -> Iterator[Any]:  # noqa: ANN401
    """All tensors of a message, wherever it has them."""
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        for item in value if hasattr(value, "__len__") else (value,):
            if field.message_type.name == "TensorProto":
                yield item
            else:
                yield from _tensors(item)


def _check_weights(tensor: Any, folder: Path) -> None:  # noqa: ANN401
    """That a place lies inside, and is a file, the checker has seen to; not whether enough is there."""
    if tensor.data_location != tensor.EXTERNAL:
        return
    told = {each.key: each.value for each in tensor.external_data}
    size = (folder / told.get("location", "")).stat().st_size
    name = repr(tensor.name[:_SHOWN])
    try:
        begin = int(told.get("offset", "0"))
        length = int(told["length"]) if "length" in told else None
    except ValueError:
        raise FormatError(f"tensor {name} has a malformed place outside") from None
    needed = _size(tensor)
    if length is not None and length != needed:
        raise FormatError(f"tensor {name} takes {length} bytes outside where its type and shape need {needed}")
    if begin < 0 or begin + needed > size:
        raise FormatError(f"tensor {name} lies outside of the file that should hold it")


def _size(tensor: Any) -> int:  # noqa: ANN401
    elements = 1
    for extent in tensor.dims:
        elements *= extent
    bits = _bits(onnx_package().TensorProto.DataType.Name(tensor.data_type), tensor)
    return -(-elements * bits // 8)


def _bits(name: str, tensor: Any) -> int:  # noqa: ANN401
    """Small types are packed, though NumPy gives each element a byte."""
    for ending, bits in (("INT2", 2), ("INT4", 4), ("FLOAT4E2M1", 4)):
        if name.endswith(ending):
            return bits
    return 8 * int(onnx_package("onnx.helper").tensor_dtype_to_np_dtype(tensor.data_type).itemsize)
