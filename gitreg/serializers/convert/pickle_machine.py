"""A pickle machine that imports nothing and calls only what its owner hands it.  Knows no framework.

It takes the opcodes that data written by `torch.save` consists of (as torch's own weights_only loader does); any
other one ends the load.  Opcodes: the standard library's Lib/pickletools.py.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from gitreg.core.text import escape
from gitreg.errors import FormatError

_MOST_OPCODES = 20_000_000
_LONGEST_TEXT = 1 << 20


@dataclass(frozen=True, slots=True)
class Builder:
    """Something that the pickle may call: with the arguments on its stack, and for a result of ours."""

    name: str
    build: Callable[..., object]


@dataclass(slots=True)
class Machine:
    """`find` resolves (module, name) and `persistent` an id from outside; both raise FormatError to end the load."""

    stream: BinaryIO
    find: Callable[[str, str], object]
    persistent: Callable[[object], object]
    stack: list[object] = field(default_factory=list)
    marked: list[list[object]] = field(default_factory=list)
    memo: dict[int, object] = field(default_factory=dict)

    def load(self) -> object:
        """The object of one pickle; the stream stands behind it.  Raises FormatError."""
        for _ in range(_MOST_OPCODES):
            code = self.read(1)
            if code == pickle.STOP:
                return self.pop()
            step = _STEPS.get(code)
            if step is None:
                raise FormatError(f"its pickle uses the opcode {code!r}, which no file of plain tensors does")
            step(self)
        raise FormatError("its pickle has no end")

    def read(self, count: int) -> bytes:
        data = self.stream.read(count) if count <= _LONGEST_TEXT else b""
        if len(data) != count:
            raise FormatError("its pickle is cut off")
        return data

    def line(self) -> str:
        data = self.stream.readline(_LONGEST_TEXT)
        if not data.endswith(b"\n"):
            raise FormatError("its pickle is cut off")
        return data[:-1].decode("utf-8", "backslashreplace")

    def number(self, width: int) -> int:
        return int.from_bytes(self.read(width), "little")

    def text(self, width: int) -> str:
        try:
            return self.read(self.number(width)).decode()
        except UnicodeDecodeError:
            raise FormatError("its pickle holds a text that is not Unicode") from None

    def pop(self) -> object:
        if not self.stack:
            raise FormatError("its pickle takes more from the stack than lies there")
        return self.stack.pop()

    def pop_mark(self) -> list[object]:
        if not self.marked:
            raise FormatError("its pickle lacks a mark")
        items, self.stack = self.stack, self.marked.pop()
        return items

    def push(self, value: object) -> None:
        self.stack.append(value)


def _global(machine: Machine) -> None:
    module = machine.line()
    machine.push(machine.find(module, machine.line()))


def _stack_global(machine: Machine) -> None:
    name, module = machine.pop(), machine.pop()
    if not isinstance(module, str) or not isinstance(name, str):
        raise FormatError("its pickle imports something without a name")
    machine.push(machine.find(module, name))


def _reduce(machine: Machine) -> None:
    arguments, called = machine.pop(), machine.pop()
    if not isinstance(called, Builder) or not isinstance(arguments, tuple):
        raise FormatError("its pickle calls what is not a function")
    try:
        machine.push(called.build(*arguments))
    except (TypeError, ValueError):
        raise FormatError(f"its pickle calls {escape(called.name)} with arguments that it does not take") from None


def _build(machine: Machine) -> None:
    """State dicts carry an attribute with the versions of their modules, which no tensor depends on."""
    state = machine.pop()
    if type(_top(machine)) is not dict or not isinstance(state, dict) or set(state) - {"_metadata"}:
        raise FormatError("its pickle sets attributes of an object")


def _set_items(machine: Machine, items: list[object]) -> None:
    table = _top(machine)
    if type(table) is not dict or len(items) % 2:
        raise FormatError("its pickle is malformed: items without a dict")
    for key, value in zip(items[::2], items[1::2], strict=True):
        if not isinstance(key, str | int):
            raise FormatError("its pickle has a dict with keys other than texts and integers")
        table[key] = value


def _append(machine: Machine, items: list[object]) -> None:
    target = _top(machine)
    if type(target) is not list:
        raise FormatError("its pickle is malformed: items without a list")
    target.extend(items)


def _top(machine: Machine) -> object:
    if not machine.stack:
        raise FormatError("its pickle takes more from the stack than lies there")
    return machine.stack[-1]


def _mark(machine: Machine) -> None:
    machine.marked.append(machine.stack)
    machine.stack = []


def _take(machine: Machine, count: int) -> tuple[object, ...]:
    return tuple([machine.pop() for _ in range(count)][::-1])


def _get(machine: Machine, number: int) -> None:
    if number not in machine.memo:
        raise FormatError("its pickle refers to what it does not hold")
    machine.push(machine.memo[number])


def _put(machine: Machine, number: int) -> None:
    machine.memo[number] = _top(machine)


def _tuple(count: int) -> Callable[[Machine], None]:
    return lambda machine: machine.push(_take(machine, count))


def _long(machine: Machine) -> None:
    machine.push(int.from_bytes(machine.read(machine.number(1)), "little", signed=True))


_STEPS: Mapping[bytes, Callable[[Machine], None]] = {
    pickle.PROTO: lambda machine: _skip(machine, 1),
    pickle.FRAME: lambda machine: _skip(machine, 8),
    pickle.GLOBAL: _global,
    pickle.STACK_GLOBAL: _stack_global,
    pickle.REDUCE: _reduce,
    pickle.BUILD: _build,
    pickle.BINPERSID: lambda machine: machine.push(machine.persistent(machine.pop())),
    pickle.MARK: _mark,
    pickle.NONE: lambda machine: machine.push(None),
    pickle.NEWTRUE: lambda machine: machine.push(True),  # noqa: FBT003  the value itself
    pickle.NEWFALSE: lambda machine: machine.push(False),  # noqa: FBT003
    pickle.EMPTY_TUPLE: lambda machine: machine.push(()),
    pickle.EMPTY_LIST: lambda machine: machine.push([]),
    pickle.EMPTY_DICT: lambda machine: machine.push({}),
    pickle.TUPLE: lambda machine: machine.push(tuple(machine.pop_mark())),
    pickle.TUPLE1: _tuple(1),
    pickle.TUPLE2: _tuple(2),
    pickle.TUPLE3: _tuple(3),
    pickle.BININT: lambda machine: machine.push(int.from_bytes(machine.read(4), "little", signed=True)),
    pickle.BININT1: lambda machine: machine.push(machine.number(1)),
    pickle.BININT2: lambda machine: machine.push(machine.number(2)),
    pickle.LONG1: _long,
    pickle.BINFLOAT: lambda machine: machine.push(struct.unpack(">d", machine.read(8))[0]),
    pickle.SHORT_BINUNICODE: lambda machine: machine.push(machine.text(1)),
    pickle.BINUNICODE: lambda machine: machine.push(machine.text(4)),
    pickle.BINUNICODE8: lambda machine: machine.push(machine.text(8)),
    pickle.BINGET: lambda machine: _get(machine, machine.number(1)),
    pickle.LONG_BINGET: lambda machine: _get(machine, machine.number(4)),
    pickle.BINPUT: lambda machine: _put(machine, machine.number(1)),
    pickle.LONG_BINPUT: lambda machine: _put(machine, machine.number(4)),
    pickle.MEMOIZE: lambda machine: _put(machine, len(machine.memo)),
    pickle.SETITEM: lambda machine: _set_items(machine, list(_take(machine, 2))),
    pickle.SETITEMS: lambda machine: _set_items(machine, machine.pop_mark()),
    pickle.APPEND: lambda machine: _append(machine, list(_take(machine, 1))),
    pickle.APPENDS: lambda machine: _append(machine, machine.pop_mark()),
}


def _skip(machine: Machine, count: int) -> None:
    machine.read(count)
