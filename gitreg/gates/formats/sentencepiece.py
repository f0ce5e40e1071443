"""SentencePiece models: the `ModelProto` by its fields and their kinds.  Knows no other protocol buffers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, NamedTuple

from gitreg.errors import FormatError
from gitreg.gates.formats.reading import read_at_most

# The first field is a piece, and a piece's first field is its text.
BEGINS = re.compile(rb"\x0a[\x01-\x7f]\x0a")
LARGEST = 64 << 20  # those in use have at most a few MiB
_NUMBER, _EIGHT, _TEXT, _FOUR = 0, 1, 2, 5
_EXTENSIONS = 200  # from here on, fields are everybody's own
_PIECES = 1
_MODEL: Mapping[int, int] = {_PIECES: _TEXT, 2: _TEXT, 3: _TEXT, 4: _TEXT, 5: _TEXT}
_PIECE: Mapping[int, int] = {1: _TEXT, 2: _FOUR, 3: _NUMBER}
_LAST_TYPE = 6


class _Field(NamedTuple):
    """`value`: the number, or where the bytes end that begin at `begin`."""

    number: int
    kind: int
    begin: int
    value: int


def check_sentencepiece(stream: BinaryIO, size: int) -> None:  # noqa: ARG001  every parser is called alike
    """Raises FormatError unless it is a list of pieces with the settings that belong to it, and nothing else."""
    data = read_at_most(stream, LARGEST, "the model")
    pieces = 0
    for field in _fields(data, 0, len(data), _MODEL):
        if field.number == _PIECES:
            _check_piece(data, field)
            pieces += 1
    if not pieces:
        raise FormatError("has no pieces")


def _check_piece(data: bytes, piece: _Field) -> None:
    named = False
    for field in _fields(data, piece.begin, piece.value, _PIECE):
        if field.number == 1:
            named = _is_text(data[field.begin : field.value])
        elif field.number == 3 and not 1 <= field.value <= _LAST_TYPE:
            raise FormatError(f"has a piece of the unknown type {field.value}")
    if not named:
        raise FormatError("has a piece without a text")


def _fields(data: bytes, at: int, end: int, known: Mapping[int, int]) -> Iterator[_Field]:
    while at < end:
        key, at = _varint(data, at, end)
        number, kind = key >> 3, key & 7
        if number < _EXTENSIONS and known.get(number) != kind:
            raise FormatError(f"has a field {number} of the kind {kind}, which no SentencePiece model has")
        value, begin = _varint(data, at, end) if kind in {_NUMBER, _TEXT} else (_width(kind), at)
        at = begin if kind == _NUMBER else begin + value
        if at > end:
            raise FormatError("has a field that is cut off")
        yield _Field(number, kind, begin, value if kind == _NUMBER else at)


def _width(kind: int) -> int:
    if kind not in {_EIGHT, _FOUR}:
        raise FormatError("has a field of an unknown kind")
    return 8 if kind == _EIGHT else 4


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    value = 0
    for shift, place in enumerate(range(at, min(end, at + 10))):
        value |= (data[place] & 0x7F) << (7 * shift)
        if data[place] < 0x80:
            return value, place + 1
    raise FormatError("has a number that does not end")


def _is_text(piece: bytes) -> bool:
    try:
        return bool(piece.decode())
    except UnicodeDecodeError:
        raise FormatError("has a piece that is not UTF-8") from None
