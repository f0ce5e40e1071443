"""joblib's files: a pickle with the arrays' bytes in between, after each `NumpyArrayWrapper` that is built.

Follows joblib/numpy_pickle.py.  Plain unpickling would take those bytes for opcodes.
"""

from __future__ import annotations

import re
from math import prod

from gitreg.gates.scan.budget import Meter
from gitreg.gates.scan.pickles.cursor import BrokenError
from gitreg.gates.scan.pickles.judge import Judge
from gitreg.gates.scan.pickles.machine import Machine
from gitreg.gates.scan.pickles.values import Global, Made, Plain, Table, Value
from gitreg.gates.scan.profiles.numpy import WRAPPERS

_CODE = re.compile(r"[<>|=]?([?biufcmMSUO])(\d{0,9})")


class ArrayReader:
    """Passes over what joblib reads itself; of arrays of objects, that is another pickle."""

    def __init__(self, machine: Machine, judge: Judge, meter: Meter) -> None:
        self._machine = machine
        self._judge = judge
        self._meter = meter

    def built(self, made: Made) -> Value | None:
        """What stands for the array, if `made` is a wrapper."""
        if not (isinstance(made.by, Global) and made.by.key in WRAPPERS):
            return None
        fields = made.state.entries if isinstance(made.state, Table) else {}
        self._machine.cursor.leave_frame()
        kind, width = _item(fields.get("dtype"))
        if kind == "O":
            Machine(self._machine.cursor, self._meter, self._judge).load()
            self._machine.cursor.leave_frame()
        else:
            self._skip_padding(fields)
            self._machine.cursor.skip(prod(_extents(fields.get("shape"))) * width)
        return Plain.DATA

    def _skip_padding(self, fields: dict[str, Value]) -> None:
        """One byte says how many more bytes align the array, in files that know of alignment."""
        if fields.get("numpy_array_alignment_bytes", Plain.DATA) is not Plain.DATA:
            self._machine.cursor.skip(self._machine.cursor.read(1)[0])


def _extents(shape: Value | None) -> tuple[int, ...]:
    if not isinstance(shape, tuple):
        raise BrokenError("describes an array without a shape")
    extents = tuple(extent for extent in shape if isinstance(extent, int) and extent >= 0)
    if len(extents) != len(shape):
        raise BrokenError("describes an array of an odd shape")
    return extents


def _item(dtype: Value | None) -> tuple[str, int]:
    """Kind and width in bytes.  Records are not followed: whether they hold objects, their state alone says."""
    arguments = dtype.arguments if isinstance(dtype, Made) else None
    code = arguments[0] if isinstance(arguments, tuple) and arguments else None
    match = _CODE.fullmatch(code) if isinstance(code, str) else None
    if match is None:
        raise BrokenError("holds an array of records, which is not followed")
    width = int(match[2] or 1)
    return match[1], width * 4 if match[1] == "U" else width
