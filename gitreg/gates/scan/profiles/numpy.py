"""NumPy's arrays, scalars, types and random states, under the names of NumPy 1 and 2; joblib's arrays."""

from __future__ import annotations

from gitreg.gates.scan.pickles.values import Global, Made, Plain, Value
from gitreg.gates.scan.profiles import checks
from gitreg.gates.scan.profiles.profile import Allowed, Arguments, Profile

_MULTIARRAY = ("numpy.core.multiarray", "numpy._core.multiarray")
_NUMERIC = ("numpy.core.numeric", "numpy._core.numeric")
_SCALARS = (
    "bool", "bool_", "bytes_", "str_", "void", "datetime64", "timedelta64", "float16", "float32", "float64",
    "longdouble", "complex64", "complex128", "clongdouble", "int8", "int16", "int32", "int64", "intc", "longlong",
    "uint8", "uint16", "uint32", "uint64", "uintc", "ulonglong", "generic", "number", "integer", "floating", "ndarray",
    "inexact", "signedinteger", "unsignedinteger",
)  # fmt: skip
_GENERATORS = {"MT19937": "_mt19937", "PCG64": "_pcg64", "PCG64DXSM": "_pcg64", "Philox": "_philox", "SFC64": "_sfc64"}
_NDARRAY, _DTYPE = ("numpy", "ndarray"), ("numpy", "dtype")
_ARRAYS = frozenset({_NDARRAY, ("numpy", "matrix"), ("numpy.matrixlib.defmatrix", "matrix")})


def _array(arguments: Arguments, _allowed: Allowed) -> bool:
    """`_reconstruct(ndarray, (0,), b"b")`: an empty array, filled by BUILD.  A large shape would ask for memory."""
    if len(arguments) != 3:
        return False
    kind, shape, _ = arguments
    return isinstance(kind, Global) and kind.key in _ARRAYS and shape in ((0,), ())


def _dtype(arguments: Arguments, _allowed: Allowed) -> bool:
    if not arguments or not all(isinstance(flag, int) for flag in arguments[1:]):
        return False
    head = arguments[0]
    return isinstance(head, str) or (isinstance(head, Global) and head.module == "numpy")


def _scalar(arguments: Arguments, _allowed: Allowed) -> bool:
    """`scalar(dtype, bytes)`; of an object type, the bytes would once have been taken for addresses."""
    if not arguments or not checks.made_by(arguments[0], _DTYPE):
        return False
    return not _holds_objects(arguments[0]) and checks.data_only(arguments[1:], _allowed)


def _from_buffer(arguments: Arguments, _allowed: Allowed) -> bool:
    if len(arguments) not in {3, 4} or not checks.made_by(arguments[1], _DTYPE):
        return False
    buffer = arguments[0] is Plain.BYTES or isinstance(arguments[0], Made)
    return buffer and not _holds_objects(arguments[1]) and isinstance(arguments[2], tuple)


def _holds_objects(dtype: Value) -> bool:
    code = dtype.arguments[0] if isinstance(dtype, Made) and isinstance(dtype.arguments, tuple) else None
    return not isinstance(code, str) or "O" in code or "V" in code


def _generator(arguments: Arguments, allowed: Allowed) -> bool:
    """A generator by its name or type, and perhaps the constructor to call for it."""
    return all(
        not isinstance(value, Global) or value.key in allowed.calls or value.module.startswith("numpy.random.")
        for value in arguments
    )


NUMPY = Profile(
    "numpy",
    calls={
        **{(module, "_reconstruct"): _array for module in _MULTIARRAY},
        **{(module, "scalar"): _scalar for module in _MULTIARRAY},
        **{(module, "_frombuffer"): _from_buffer for module in _NUMERIC},
        _DTYPE: _dtype,
        ("numpy.random._pickle", "__randomstate_ctor"): _generator,
        ("numpy.random._pickle", "__generator_ctor"): _generator,
        ("numpy.random._pickle", "__bit_generator_ctor"): _generator,
    },
    passed=frozenset(("numpy", name) for name in _SCALARS)
    | {(f"numpy.random.{module}", name) for name, module in _GENERATORS.items()}
    | _ARRAYS,
)

WRAPPERS = frozenset(
    (module, "NumpyArrayWrapper") for module in ("joblib.numpy_pickle", "sklearn.externals.joblib.numpy_pickle")
)

JOBLIB = Profile("joblib", calls=dict.fromkeys(WRAPPERS, checks.nothing))
