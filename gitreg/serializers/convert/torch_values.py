"""What a file of torch may name, exactly, and the inert values that take its place.  Nothing of torch is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gitreg.core.text import escape
from gitreg.errors import FormatError
from gitreg.serializers.convert.pickle_machine import Builder

_LARGEST = 1 << 63
_MOST_DIMENSIONS = 64
_DTYPES: Mapping[str, str] = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "complex64": "C64", "bool": "BOOL",
    "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8",
    "uint64": "U64", "uint32": "U32", "uint16": "U16", "uint8": "U8",
    "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2", "float8_e8m0fnu": "F8_E8M0",
    "float8_e4m3fnuz": "F8_E4M3FNUZ", "float8_e5m2fnuz": "F8_E5M2FNUZ",
}  # fmt: skip
_STORAGES: Mapping[str, str] = {
    "DoubleStorage": "F64", "FloatStorage": "F32", "HalfStorage": "F16", "BFloat16Storage": "BF16",
    "ComplexFloatStorage": "C64", "BoolStorage": "BOOL",
    "LongStorage": "I64", "IntStorage": "I32", "ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8",
}  # fmt: skip
_LACKING = frozenset(
    {"ComplexDoubleStorage", "complex128", "complex32", "QInt8Storage", "QUInt8Storage", "QInt32Storage",
     "QUInt4x2Storage", "QUInt2x4Storage", "qint8", "quint8", "qint32"},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StorageType:
    """The kind of a storage; `code` is None for one that counts bytes and has no element type of its own."""

    code: str | None


@dataclass(frozen=True, slots=True)
class Dtype:
    code: str


@dataclass(frozen=True, slots=True)
class Storage:
    """Bytes outside of the pickle, by their key there; `length` counts elements, or bytes if there is no code."""

    key: str
    code: str | None
    length: int


@dataclass(frozen=True, slots=True)
class View:
    """A tensor: elements of a storage from `offset` on, by shape and stride, all counted in elements."""

    storage: Storage
    code: str
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


def find_torch(module: str, name: str) -> object:
    """The stand-in for what `torch.save` writes for tensors.  Raises FormatError for everything else."""
    known = _KNOWN.get((module, name))
    if known is not None:
        return known
    if module in {"torch", "torch.storage"} and name in _LACKING:
        raise FormatError(f"holds elements of torch's type {name}, which safetensors lacks")
    hint = "if you trust the file, load it with torch and save model.state_dict(), which holds tensors only"
    shown = escape(f"{module}.{name}"[:100])
    raise FormatError(f"holds {shown}, which is not a plain tensor; to load it would run code", hint=hint)


def find_storage(pid: object) -> Storage:
    """A persistent id as a storage: ("storage", type, key, location, length) and, in old files, a view, always None."""
    match pid:
        case ("storage", StorageType(code), str(key), str(_), int(length)) if 0 <= length < _LARGEST:
            return Storage(key, code, length)
        case ("storage", StorageType(code), str(key), str(_), int(length), None) if 0 <= length < _LARGEST:
            return Storage(key, code, length)
        case _:
            raise FormatError("refers to a storage in a way that is not known")


def _tensor(storage: object, offset: object, shape: object, stride: object, *rest: object) -> View:
    """`torch._utils._rebuild_tensor` and `_v2`: requires_grad and hooks say nothing about the values."""
    if not isinstance(storage, Storage) or storage.code is None:
        raise FormatError("has a tensor without a storage of known type")
    if any(rest[2:]):  # a conjugate or negative bit, which changes what the bytes mean
        raise FormatError("has a tensor whose values are flagged as conjugated or negated", hint="resolve_conj() it")
    return _view(storage, storage.code, (offset, shape, stride))


def _tensor_v3(
    storage: object, offset: object, shape: object, stride: object, _grad: object, _hooks: object, *rest: object
) -> View:
    """`torch._utils._rebuild_tensor_v3`: an untyped storage, and the element type beside it."""
    if not isinstance(storage, Storage) or not rest or not isinstance(rest[0], Dtype) or any(rest[1:]):
        raise FormatError("has a tensor without an element type that is known")
    return _view(storage, rest[0].code, (offset, shape, stride))


def _view(storage: Storage, code: str, place: tuple[object, object, object]) -> View:
    offset, shape, stride = place
    if not _natural(offset) or not _naturals(shape) or not _naturals(stride):
        raise FormatError("has a tensor with a malformed shape")
    if len(shape) != len(stride) or len(shape) > _MOST_DIMENSIONS:  # type: ignore[arg-type]  # tuples, by the line above
        raise FormatError("has a tensor with a malformed shape")
    return View(storage, code, offset, shape, stride)  # type: ignore[arg-type]


def _natural(value: object) -> bool:
    return type(value) is int and 0 <= value < _LARGEST


def _naturals(value: object) -> bool:
    return isinstance(value, tuple) and all(_natural(item) for item in value)


def _parameter(data: object, *_: object) -> View:
    if not isinstance(data, View):
        raise FormatError("has a parameter that is no tensor")
    return data


def _ordered(*arguments: object) -> dict[object, object]:
    if arguments:
        raise FormatError("has an ordered dict built in a way that is not known")
    return {}


def _size(extents: object) -> tuple[object, ...]:
    if not isinstance(extents, tuple | list):
        raise FormatError("has a malformed size")
    return tuple(extents)


_KNOWN: Mapping[tuple[str, str], object] = {
    ("collections", "OrderedDict"): Builder("collections.OrderedDict", _ordered),
    ("torch", "Size"): Builder("torch.Size", _size),
    ("torch._utils", "_rebuild_tensor"): Builder("torch._utils._rebuild_tensor", _tensor),
    ("torch._utils", "_rebuild_tensor_v2"): Builder("torch._utils._rebuild_tensor_v2", _tensor),
    ("torch._utils", "_rebuild_tensor_v3"): Builder("torch._utils._rebuild_tensor_v3", _tensor_v3),
    ("torch._utils", "_rebuild_parameter"): Builder("torch._utils._rebuild_parameter", _parameter),
    ("torch", "UntypedStorage"): StorageType(None),
    ("torch.storage", "UntypedStorage"): StorageType(None),
    **{("torch", name): StorageType(code) for name, code in _STORAGES.items()},
    **{("torch", name): Dtype(code) for name, code in _DTYPES.items()},
}
