"""Containers, numbers and dates of the standard library: data in any framework's files."""

from __future__ import annotations

from gitreg.gates.scan.profiles import checks
from gitreg.gates.scan.profiles.profile import Profile

_TYPES = ("bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object", "range")
_MORE_TYPES = ("set", "slice", "str", "tuple")
_FILLED = frozenset(("collections", name) for name in ("Counter", "OrderedDict", "defaultdict", "deque"))

DATA = Profile(
    "data",
    calls={
        ("_codecs", "encode"): checks.encoded,
        ("builtins", "bytearray"): checks.bytes_of,
        ("builtins", "bytes"): checks.bytes_of,
        ("builtins", "complex"): checks.data_only,
        ("builtins", "frozenset"): checks.collected,
        ("builtins", "object"): checks.nothing,
        ("builtins", "range"): checks.data_only,
        ("builtins", "set"): checks.collected,
        ("builtins", "slice"): checks.data_only,
        ("collections", "Counter"): checks.collected,
        ("collections", "OrderedDict"): checks.collected,
        ("collections", "defaultdict"): checks.factory,
        ("collections", "deque"): checks.queue,
        ("copyreg", "__newobj__"): checks.first_is_callable,
        ("copyreg", "_reconstructor"): checks.reconstructed,
        ("datetime", "date"): checks.data_only,
        ("datetime", "datetime"): checks.data_only,
        ("datetime", "time"): checks.data_only,
        ("datetime", "timedelta"): checks.data_only,
        ("datetime", "timezone"): checks.data_only,
        ("decimal", "Decimal"): checks.data_only,
        ("fractions", "Fraction"): checks.fraction,
        ("uuid", "SafeUUID"): checks.data_only,
        ("uuid", "UUID"): checks.data_only,
    },
    passed=frozenset(("builtins", name) for name in (*_TYPES, *_MORE_TYPES)),
    filled=_FILLED | {("builtins", "set"), ("builtins", "bytearray")},
)
