"""Protocol buffers in memory, by a message's fields and their kinds: what is not named there is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gitreg.errors import FormatError

NUMBER, EIGHT, TEXT, FOUR = 0, 1, 2, 5
_WIDTHS = {EIGHT: 8, FOUR: 4}
_EXTENSIONS = 200  # from here on, fields are everybody's own
LAST = (1 << 29) - 1  # of higher ones, some readers drop what is too much


class Field(NamedTuple):
    """`value`: the number, or where the bytes end that begin at `begin`."""

    number: int
    kind: int
    begin: int
    value: int


def fields_of(data: bytes, at: int, end: int, known: Mapping[int, int]) -> Iterator[Field]:
    """Each field of the message from `at` to `end`, in order.  `known`: kinds by number.

    Raises:
        FormatError: another field, or one that is cut off.
    """
    while at < end:
        key, at = varint(data, at, end)
        number, kind = key >> 3, key & 7
        if number > LAST or (number < _EXTENSIONS and known.get(number) != kind):
            raise FormatError(f"has a field {number} of the kind {kind}, which its format does not know")
        value, begin = varint(data, at, end) if kind in {NUMBER, TEXT} else (_width(kind), at)
        at = begin if kind == NUMBER else begin + value
        if at > end:
            raise FormatError("has a field that is cut off")
        yield Field(number, kind, begin, value if kind == NUMBER else at)


def varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The number, and where it ends."""
    value = 0
    for shift, place in enumerate(range(at, min(end, at + 10))):
        value |= (data[place] & 0x7F) << (7 * shift)
        if data[place] < 0x80:
            return value, place + 1
    raise FormatError("has a number that does not end")


def _width(kind: int) -> int:
    if kind not in _WIDTHS:
        raise FormatError("has a field of an unknown kind")
    return _WIDTHS[kind]
