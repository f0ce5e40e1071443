"""TensorFlow Lite: a FlatBuffer whose operators may be somebody's own, or TensorFlow's with all that these can do.

Positions of fields: tensorflow/compiler/mlir/lite/schema/schema.fbs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from gitreg.errors import FormatError
from gitreg.gates.formats.reading import read_exactly
from gitreg.gates.scan.finding import shown
from gitreg.gates.scan.formats.flex import flex_operation
from gitreg.gates.scan.formats.operations import ADVICE, check_operation

if TYPE_CHECKING:
    from gitreg.gates.scan.budget import Meter
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

_MAGIC = b"TFL3"
_CODES, _SUBGRAPHS = 1, 2  # of a model
_CUSTOM_CODE = 1  # of a code
_OPERATORS = 3  # of a subgraph
_CODE, _OPTIONS, _OPTIONS_ELSEWHERE = 0, 5, 9  # of an operator
_LONGEST, _LONGEST_NAME = 1 << 20, 64
_FLEX = b"Flex"
# Those that the interpreter has itself.
_OURS = frozenset({b"", b"NumericVerify", b"Mfcc", b"AudioSpectrogram", b"TFLite_Detection_PostProcess"})


def look_at_tflite(part: Part, scan: Scan) -> str | None:
    if part.head(8)[4:] != _MAGIC or part.size is None:
        return None
    try:
        with part.open() as stream:
            _check(_Flat(stream, scan.meter), part, scan)
    except FormatError as error:
        scan.unknown(part, "tflite", error.message, ADVICE)
    return "tflite"


@dataclass(slots=True)
class _Flat:
    """https://flatbuffers.dev/internals: tables whose fields are found through a list of places."""

    stream: BinaryIO
    meter: Meter

    def number(self, at: int, width: int = 4) -> int:
        self.meter.step()
        self.stream.seek(at)
        return int.from_bytes(read_exactly(self.stream, width, "the file"), "little")

    def field(self, table: int, index: int) -> int | None:
        """Where it is; None if the table has none."""
        places = table - _signed(self.number(table))
        if places < 0:
            raise FormatError("has a table outside of itself")
        within = 4 + 2 * index
        offset = self.number(places + within, 2) if within < self.number(places, 2) else 0
        return table + offset if offset else None

    def tables(self, table: int, index: int) -> Iterator[int]:
        vector = self._target(table, index)
        for place in range(self.number(vector) if vector else 0):
            element = vector + 4 + 4 * place
            yield element + self.number(element)

    def data(self, table: int, index: int, longest: int) -> bytes:
        """Counted byte by byte: many tables may have the same one."""
        vector = self._target(table, index)
        length = self.number(vector) if vector else 0
        if length > longest:
            raise FormatError("has options or a name that are too long")
        self.meter.step(length)
        return read_exactly(self.stream, length, "the file")

    def _target(self, table: int, index: int) -> int:
        at = self.field(table, index)
        return at + self.number(at) if at is not None else 0


def _signed(number: int) -> int:
    return number - (1 << 32) if number >> 31 else number


def _check(flat: _Flat, part: Part, scan: Scan) -> None:
    model = flat.number(0)
    codes = [flat.data(code, _CUSTOM_CODE, _LONGEST_NAME) for code in flat.tables(model, _CODES)]
    for code in codes:
        if not code.startswith(_FLEX) and code not in _OURS:
            detail = f"has the operator {shown(code.decode('utf-8', 'replace'))}, of which nothing is known here"
            scan.unknown(part, "tflite-operator", detail, ADVICE)
    for subgraph in flat.tables(model, _SUBGRAPHS):
        for operator in flat.tables(subgraph, _OPERATORS):
            at = flat.field(operator, _CODE)
            index = flat.number(at) if at is not None else 0
            if index >= len(codes):
                raise FormatError("has an operator without a code")
            if codes[index].startswith(_FLEX):
                _check_flex(flat, operator, codes[index].removeprefix(_FLEX), part.within(operator), scan)


def _check_flex(flat: _Flat, operator: int, name: bytes, part: Part, scan: Scan) -> None:
    """What runs is the operation that the options name, whatever the code says."""
    check_operation(part, scan, name)
    options = flat.data(operator, _OPTIONS, _LONGEST)
    try:
        runs = flex_operation(options)
    except FormatError as error:
        scan.unknown(part, "tflite-operator", error.message, ADVICE)
        return
    check_operation(part, scan, runs)
    if runs != name or flat.field(operator, _OPTIONS_ELSEWHERE):
        scan.unknown(part, "tflite-operator", "runs another of TensorFlow's operations than it says", ADVICE)
