"""PyTorch's state dicts and checkpoints: what `torch.load(weights_only=True)` takes, no modules."""

from __future__ import annotations

from gitreg.gates.scan.pickles.values import Global, Plain, Table, Value
from gitreg.gates.scan.profiles import checks
from gitreg.gates.scan.profiles.profile import Profile

_ELEMENTS = (
    "Double", "Float", "Half", "Long", "Int", "Short", "Char", "Byte", "Bool", "BFloat16", "ComplexDouble",
    "ComplexFloat", "QUInt8", "QInt8", "QInt32", "QUInt4x2", "QUInt2x4",
)  # fmt: skip
_DTYPES = (
    "float32", "float", "float64", "double", "float16", "half", "bfloat16", "uint8", "uint16", "uint32", "uint64",
    "int8", "int16", "short", "int32", "int", "int64", "long", "bool", "complex32", "complex64", "complex128",
    "quint8", "qint8", "qint32", "quint4x2", "quint2x4", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz",
    "float8_e5m2fnuz", "float8_e8m0fnu",
    "strided", "sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc",
    "per_tensor_affine", "per_channel_affine", "per_tensor_symmetric", "per_channel_symmetric",
)  # fmt: skip
_REBUILDS = (
    "_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_parameter",
    "_rebuild_parameter_with_state", "_rebuild_qtensor", "_rebuild_sparse_tensor", "_rebuild_sparse_csr_tensor",
    "_rebuild_meta_tensor_no_storage", "_rebuild_nested_tensor",
)  # fmt: skip
_STORAGES = frozenset((place, f"{kind}Storage") for place in ("torch", "torch.cuda") for kind in _ELEMENTS) | {
    ("torch", "UntypedStorage"),
    ("torch.storage", "UntypedStorage"),
    ("torch.storage", "_UntypedStorage"),
    ("torch.storage", "TypedStorage"),
}


def _storage(identifier: Value) -> bool:
    """`("storage", type, key, location, elements)`; the format before zip adds a view's extent."""
    if not isinstance(identifier, tuple) or len(identifier) not in {5, 6} or identifier[0] != "storage":
        return False
    kind = identifier[1]
    typed = isinstance(kind, Global) and kind.key in _STORAGES
    return typed and all(isinstance(part, str | int | tuple) or part is Plain.DATA for part in identifier[2:])


def _rebuilt(arguments: tuple[Value, ...], _allowed: object) -> bool:
    """No call back to anything: hooks are an ordered dictionary, and an empty one."""
    return all(not isinstance(value, Global) or value.key in _PASSED for value in arguments) and not any(
        isinstance(value, Table) and value.entries for value in arguments[5:6]
    )


_PASSED = (
    frozenset(("torch", name) for name in _DTYPES)
    | _STORAGES
    | {
        ("torch", "Tensor"),
        ("torch._tensor", "Tensor"),
        ("torch.nn.parameter", "Parameter"),
    }
)

TORCH = Profile(
    "torch",
    calls={
        **{("torch._utils", name): _rebuilt for name in _REBUILDS},
        ("torch._tensor", "_rebuild_from_type_v2"): checks.applied,
        ("torch.serialization", "_get_layout"): checks.data_only,
        ("torch", "Size"): checks.collected,
        ("torch", "device"): checks.data_only,
        ("torch.nn.parameter", "Parameter"): checks.data_only,
    },
    passed=_PASSED,
    persistent=_storage,
)
