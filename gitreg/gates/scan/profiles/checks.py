"""Checks of a call's arguments, shared by profiles."""

from __future__ import annotations

import re

from gitreg.gates.scan.pickles.values import Global, Items, Made, Plain, Table, Value
from gitreg.gates.scan.profiles.profile import Allowed, Arguments

_LATIN = frozenset({"latin1", "latin-1", "latin_1", "iso-8859-1", "ascii"})
_FRACTION = re.compile(r"-?\d{1,4000}(/\d{1,4000})?")


def anything(_arguments: Arguments, _allowed: Allowed) -> bool:
    return True


def nothing(arguments: Arguments, _allowed: Allowed) -> bool:
    return not arguments


def data_only(arguments: Arguments, _allowed: Allowed) -> bool:
    """No names, and nothing that a loader would resolve by itself."""
    return all(not isinstance(value, Global) and value is not Plain.PERSISTENT for value in arguments)


def collected(arguments: Arguments, _allowed: Allowed) -> bool:
    """Nothing, or one collection: a number would be a size, which asks for memory."""
    return not arguments or (len(arguments) == 1 and isinstance(arguments[0], Items | Table | tuple))


def encoded(arguments: Arguments, _allowed: Allowed) -> bool:
    """A text and a codec that only maps characters: others inflate, and looking one up imports a module."""
    return len(arguments) == 2 and _is_text(arguments[0]) and arguments[1] in _LATIN


def queue(arguments: Arguments, allowed: Allowed) -> bool:
    """A collection and a greatest length."""
    return collected(arguments[:1], allowed) and data_only(arguments[1:], allowed)


def bytes_of(arguments: Arguments, allowed: Allowed) -> bool:
    """Bytes from bytes, from a list, or from a text in a plain codec; never from a number."""
    if len(arguments) == 1:
        head = arguments[0]
        return head is Plain.BYTES or isinstance(head, Items) or made_by(head, ("_codecs", "encode"))
    return not arguments or encoded(arguments, allowed)


def fraction(arguments: Arguments, _allowed: Allowed) -> bool:
    """1E999999999 would be worked out."""
    if len(arguments) == 2:
        return all(isinstance(value, int) for value in arguments)
    return len(arguments) == 1 and isinstance(arguments[0], str) and bool(_FRACTION.fullmatch(arguments[0]))


def factory(arguments: Arguments, allowed: Allowed) -> bool:
    """A default's factory is called later, without arguments."""
    if not arguments or arguments[0] is Plain.DATA:
        return collected(arguments[1:], allowed)
    head = arguments[0]
    return isinstance(head, Global) and head.key in _FACTORIES and collected(arguments[1:], allowed)


def first_is_callable(arguments: Arguments, allowed: Allowed) -> bool:
    """`copyreg.__newobj__(cls, *args)`."""
    return bool(arguments) and allowed.callable(arguments[0], arguments[1:])


def reconstructed(arguments: Arguments, allowed: Allowed) -> bool:
    """`copyreg._reconstructor(cls, base, state)`: an object as `base` makes it of `state`."""
    if len(arguments) != 3 or not isinstance(arguments[1], Global):
        return False
    base, state = arguments[1].key, arguments[2]
    own = () if base == ("builtins", "object") else (state,)
    return base in _BASES and not isinstance(state, Global) and allowed.callable(arguments[0], own)


def applied(arguments: Arguments, allowed: Allowed) -> bool:
    """`(function, type, arguments, state)`, where the function is called at once."""
    return len(arguments) == 4 and allowed.callable(arguments[0], arguments[2])


def made_by(value: Value, *names: tuple[str, str]) -> bool:
    return isinstance(value, Made) and isinstance(value.by, Global) and value.by.key in names


def _is_text(value: Value) -> bool:
    return isinstance(value, str) or value is Plain.LONG_TEXT


_BASES = frozenset(("builtins", name) for name in ("object", "dict", "list", "set", "float", "int", "str", "tuple"))
_FACTORIES = frozenset(
    ("builtins", name) for name in ("bool", "dict", "float", "int", "list", "set", "str", "tuple", "frozenset")
)
