"""One pickle, opcode by opcode, as CPython's machines would load it: what each opcode does, as events.

Follows Lib/pickle.py and Modules/_pickle.c (protocols 0 to 5).  Where those two differ, the load goes on as the more
lenient one would, and the difference is an event: nothing that either of them does is missed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gitreg.gates.scan.budget import Meter
from gitreg.gates.scan.pickles import numbers
from gitreg.gates.scan.pickles.cursor import BrokenError, Cursor
from gitreg.gates.scan.pickles.events import Built, Called, Event, Fetched, Filled, Imported, Odd, Oddity
from gitreg.gates.scan.pickles.opcodes import OPCODES
from gitreg.gates.scan.pickles.resolve import resolve
from gitreg.gates.scan.pickles.stack import Stack
from gitreg.gates.scan.pickles.values import LONGEST_TEXT, Global, Made, Plain, Table, Value

_HIGHEST_PROTOCOL = 5
_LARGEST = (1 << 63) - 1
_LARGEST_MEMO = 1 << 24  # the machine in C makes an array of this many pointers


@dataclass(frozen=True, slots=True)
class Loaded:
    """The pickle was read to its STOP."""

    value: Value
    opcodes: int


class Machine:
    """Loads one pickle from a cursor.  `watch` gets the events; `built` may replace what BUILD leaves on the stack."""

    def __init__(self, cursor: Cursor, meter: Meter, watch: Callable[[Event], None]) -> None:
        self.cursor = cursor
        cursor.differ = self.differ
        self.stack: Stack = Stack()
        self.built: Callable[[Made], Value | None] = _keep
        self._meter = meter
        self._watch = watch
        self._protocol = 0
        self._offset = 0
        self.opcodes = 0
        self.declared = False

    def load(self) -> Loaded:
        """Run to STOP.

        Raises:
            BrokenError: where every reader stops.
            TooMuchError: the budget is spent.
        """
        while True:
            self._meter.step()
            self._offset = self.cursor.offset
            code = self.cursor.read(1)
            if code == b".":
                return Loaded(self.stack.pop(), self.opcodes)
            action = OPCODES.get(code)
            if action is None:
                raise BrokenError("has an unknown opcode")
            action(self)
            self.opcodes += 1

    def differ(self, detail: str) -> None:
        self.odd(Odd.READERS, detail)

    def odd(self, kind: Odd, detail: str) -> None:
        self._watch(Oddity(self._offset, kind, detail))

    def length(self, width: int, *, signed: bool = False) -> int:
        count = int.from_bytes(self.cursor.read(width), "little", signed=signed)
        if not 0 <= count <= _LARGEST:
            raise BrokenError("has an impossible length")
        return count

    def text(self, count: int, *, encoding: str) -> None:
        if count > LONGEST_TEXT:
            self.cursor.skip(count)
            self.stack.push(Plain.LONG_TEXT)
        else:
            data = self.cursor.read(count)
            self.stack.push(numbers.utf8(data) if encoding == "utf-8" else data.decode(encoding))

    def line_text(self, decode: Callable[[bytes], str]) -> None:
        text = decode(self.cursor.line())
        self.stack.push(text if len(text) <= LONGEST_TEXT else Plain.LONG_TEXT)

    def number(self, value: int | None) -> None:
        self.stack.push(Plain.DATA if value is None else value)

    def data(self, count: int, kind: Plain = Plain.BYTES) -> None:
        self.cursor.skip(count)
        self.stack.push(kind)

    def protocol(self) -> None:
        self._protocol = self.cursor.read(1)[0]
        if self._protocol > _HIGHEST_PROTOCOL:
            raise BrokenError("is of an unknown protocol")
        self.declared = self.declared or not self.opcodes

    def remember(self, index: int | None) -> None:
        if index is None or index < 0:
            raise BrokenError("remembers under an impossible number")
        if index > _LARGEST_MEMO:
            self.odd(Odd.MEMORY, f"remembers something under the number {index}")
        self.stack.remember(index)

    def recall(self, index: int | None) -> None:
        self.stack.recall(-1 if index is None else index)

    def import_(self, module: Value, name: Value) -> None:
        found = resolve(_named(module), _named(name), self._protocol)
        self._watch(Imported(self._offset, found))
        self.stack.push(found)

    def extension(self, width: int) -> None:
        code = int.from_bytes(self.cursor.read(width), "little", signed=width == 4)
        if code <= 0:
            raise BrokenError("has an impossible extension code")
        self.odd(Odd.EXTENSION, f"imports what the process has registered as extension {code}")
        self.stack.push(Global("", f"extension {code}", ("", str(code))))

    def call(self, callee: Value, arguments: Value) -> None:
        if not isinstance(arguments, tuple):
            self.differ("calls with arguments that are no tuple")
        self._watch(Called(self._offset, callee, arguments))
        self.stack.push(Made(callee, arguments))

    def call_named(self, callee: Value, arguments: Value, named: Value) -> None:
        """NEWOBJ_EX.  Named arguments that are none leave an ordinary call."""
        none = isinstance(named, Table) and named.whole and not named.entries
        self.call(callee, arguments if none else (arguments, named, "named arguments"))

    def build(self) -> None:
        state = self.stack.pop()
        target = self.stack.top
        self._watch(Built(self._offset, target, state))
        if isinstance(target, Made):
            target.state = state
            replaced = self.built(target)
            if replaced is not None:
                self.stack.pop()
                self.stack.push(replaced)

    def persist(self, identifier: Value) -> None:
        self._watch(Fetched(self._offset, identifier))
        self.stack.push(Plain.PERSISTENT)

    def buffer(self) -> None:
        self.odd(Odd.BUFFER, "takes a buffer that is not in the file")
        self.stack.push(Plain.BYTES)

    def fill(self) -> None:
        """APPEND and its kin, once what goes in is off the stack.  What holds data only takes it or fails."""
        target = self.stack.top
        if isinstance(target, Global | Made) or target is Plain.PERSISTENT:
            self._watch(Filled(self._offset, target))

    def put(self, items: list[Value]) -> None:
        if len(items) % 2:
            raise BrokenError("puts a key without a value")
        target = self.stack.top
        if isinstance(target, Table):
            for key, value in zip(items[::2], items[1::2], strict=True):
                target.put(key, value)
        else:
            self.fill()


def _keep(_made: Made) -> None:
    return None


def _named(part: Value) -> str:
    """The text of a name.  What a call or a loader returned may be one, and nobody can say which."""
    if isinstance(part, str):
        return part
    if part is Plain.LONG_TEXT or part is Plain.PERSISTENT:
        return f"({part.value})"
    if isinstance(part, Made):
        return "(a computed text)"
    raise BrokenError("imports by something that is no text")
