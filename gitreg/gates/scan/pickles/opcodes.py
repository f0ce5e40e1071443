"""What each opcode does to the machine.  The table is complete: what is not in it, no reader knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from gitreg.gates.scan.pickles import numbers
from gitreg.gates.scan.pickles.cursor import BrokenError
from gitreg.gates.scan.pickles.values import Items, Plain, Table, Value

if TYPE_CHECKING:
    from gitreg.gates.scan.pickles.machine import Machine

Action = Callable[["Machine"], None]


def _pushes(value: Value) -> Action:
    return lambda machine: machine.stack.push(value)


def _skips(count: int) -> Action:
    return lambda machine: machine.data(count, Plain.DATA)


def _text(width: int, encoding: str, *, signed: bool = False) -> Action:
    return lambda machine: machine.text(machine.length(width, signed=signed), encoding=encoding)


def _bytes(width: int) -> Action:
    return lambda machine: machine.data(machine.length(width))


def _integer(width: int, *, signed: bool) -> Action:
    return lambda machine: machine.stack.push(int.from_bytes(machine.cursor.read(width), "little", signed=signed))


def _long(width: int) -> Action:
    def act(machine: Machine) -> None:
        count = machine.length(width, signed=width == 4)
        if count > 8:
            machine.data(count, Plain.DATA)
        else:
            machine.stack.push(int.from_bytes(machine.cursor.read(count), "little", signed=True))

    return act


def _tuple(count: int) -> Action:
    def act(machine: Machine) -> None:
        items = [machine.stack.pop() for _ in range(count)]
        machine.stack.push(tuple(reversed(items)))

    return act


def _remembers(width: int) -> Action:
    return lambda machine: machine.remember(int.from_bytes(machine.cursor.read(width), "little"))


def _recalls(width: int) -> Action:
    return lambda machine: machine.recall(int.from_bytes(machine.cursor.read(width), "little"))


def _int_line(machine: Machine) -> None:
    machine.number(numbers.integer(machine.cursor.line(), machine.differ))


def _long_line(machine: Machine) -> None:
    machine.number(numbers.long(machine.cursor.line(), machine.differ))


def _float_line(machine: Machine) -> None:
    numbers.check_float(machine.cursor.line(), machine.differ)
    machine.stack.push(Plain.DATA)


def _memo_line(machine: Machine) -> int | None:
    return numbers.integer(machine.cursor.line(), machine.differ, base=10)


def _makes(make: Callable[[list[Value]], Value]) -> Action:
    return lambda machine: machine.stack.push(make(machine.stack.pop_to_mark()))


def _dict(machine: Machine) -> None:
    items = machine.stack.pop_to_mark()
    machine.stack.push(Table())
    machine.put(items)


def _set_item(machine: Machine) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    machine.put([key, value])


def _set_items(machine: Machine) -> None:
    machine.put(machine.stack.pop_to_mark())


def _append(machine: Machine) -> None:
    machine.stack.pop()
    machine.fill()


def _extend(machine: Machine) -> None:
    machine.stack.pop_to_mark()
    machine.fill()


def _pop_mark(machine: Machine) -> None:
    machine.stack.pop_to_mark()


def _dup(machine: Machine) -> None:
    machine.stack.push(machine.stack.top)


def _memoize(machine: Machine) -> None:
    machine.remember(len(machine.stack.memo))


def _frame(machine: Machine) -> None:
    machine.cursor.enter_frame(machine.length(8))


def _global(machine: Machine) -> None:
    module, name = machine.cursor.line(), machine.cursor.line()
    machine.import_(numbers.import_name(module), numbers.import_name(name))


def _stack_global(machine: Machine) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    machine.import_(module, name)


def _inst(machine: Machine) -> None:
    _global(machine)
    callee = machine.stack.pop()
    machine.call(callee, tuple(machine.stack.pop_to_mark()))


def _obj(machine: Machine) -> None:
    items = machine.stack.pop_to_mark()
    if not items:
        raise BrokenError("makes an object of no class")
    machine.call(items[0], tuple(items[1:]))


def _new_obj(machine: Machine) -> None:
    arguments, callee = machine.stack.pop(), machine.stack.pop()
    machine.call(callee, arguments)


def _new_obj_ex(machine: Machine) -> None:
    named, arguments, callee = machine.stack.pop(), machine.stack.pop(), machine.stack.pop()
    machine.call_named(callee, arguments, named)


def _persistent_line(machine: Machine) -> None:
    try:
        machine.persist(machine.cursor.line().decode("ascii"))
    except UnicodeDecodeError:
        raise BrokenError("has a persistent id that is not ASCII") from None


def _peek(machine: Machine) -> None:
    """READONLY_BUFFER needs something on the stack."""
    _ = machine.stack.top


OPCODES: Mapping[bytes, Action] = {
    b"(": lambda machine: machine.stack.mark(),
    b"0": lambda machine: machine.stack.pop_or_unmark(),
    b"1": _pop_mark,
    b"2": _dup,
    b"F": _float_line,
    b"I": _int_line,
    b"J": _integer(4, signed=True),
    b"K": _integer(1, signed=False),
    b"L": _long_line,
    b"M": _integer(2, signed=False),
    b"N": _pushes(Plain.DATA),
    b"P": _persistent_line,
    b"Q": lambda machine: machine.persist(machine.stack.pop()),
    b"R": _new_obj,
    b"S": lambda machine: machine.line_text(numbers.quoted),
    b"T": _text(4, "latin-1", signed=True),
    b"U": _text(1, "latin-1"),
    b"V": lambda machine: machine.line_text(numbers.raw_unicode),
    b"X": _text(4, "utf-8"),
    b"a": _append,
    b"b": lambda machine: machine.build(),
    b"c": _global,
    b"d": _dict,
    b"}": lambda machine: machine.stack.push(Table()),
    b"e": _extend,
    b"g": lambda machine: machine.recall(_memo_line(machine)),
    b"h": _recalls(1),
    b"i": _inst,
    b"j": _recalls(4),
    b"l": _makes(lambda _: Items()),
    b"]": lambda machine: machine.stack.push(Items()),
    b"o": _obj,
    b"p": lambda machine: machine.remember(_memo_line(machine)),
    b"q": _remembers(1),
    b"r": _remembers(4),
    b"s": _set_item,
    b"t": _makes(tuple),
    b")": _pushes(()),
    b"u": _set_items,
    b"G": _skips(8),
    b"\x80": lambda machine: machine.protocol(),
    b"\x81": _new_obj,
    b"\x82": lambda machine: machine.extension(1),
    b"\x83": lambda machine: machine.extension(2),
    b"\x84": lambda machine: machine.extension(4),
    b"\x85": _tuple(1),
    b"\x86": _tuple(2),
    b"\x87": _tuple(3),
    b"\x88": _pushes(1),
    b"\x89": _pushes(0),
    b"\x8a": _long(1),
    b"\x8b": _long(4),
    b"B": lambda machine: machine.data(machine.length(4, signed=True)),
    b"C": _bytes(1),
    b"\x8c": _text(1, "utf-8"),
    b"\x8d": _text(8, "utf-8"),
    b"\x8e": _bytes(8),
    b"\x8f": lambda machine: machine.stack.push(Items()),
    b"\x90": _extend,
    b"\x91": _makes(lambda _: Plain.DATA),
    b"\x92": _new_obj_ex,
    b"\x93": _stack_global,
    b"\x94": _memoize,
    b"\x95": _frame,
    b"\x96": _bytes(8),
    b"\x97": lambda machine: machine.buffer(),
    b"\x98": _peek,
}
