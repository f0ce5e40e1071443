"""SentencePiece models: the `ModelProto` by its fields and their kinds.  Knows no other protocol buffers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import BinaryIO

from gitreg.errors import FormatError
from gitreg.gates.formats.reading import read_at_most
from gitreg.gates.formats.wire import FOUR, NUMBER, TEXT, Field, fields_of

# The first field is a piece, and a piece's first field is its text.
BEGINS = re.compile(rb"\x0a[\x01-\x7f]\x0a")
LARGEST = 64 << 20  # those in use have at most a few MiB
_PIECES = 1
_MODEL: Mapping[int, int] = {_PIECES: TEXT, 2: TEXT, 3: TEXT, 4: TEXT, 5: TEXT}
_PIECE: Mapping[int, int] = {1: TEXT, 2: FOUR, 3: NUMBER}
_LAST_TYPE = 6


def check_sentencepiece(stream: BinaryIO, size: int) -> None:  # noqa: ARG001  every parser is called alike
    """Raises FormatError unless it is a list of pieces with the settings that belong to it, and nothing else."""
    data = read_at_most(stream, LARGEST, "the model")
    pieces = 0
    for field in fields_of(data, 0, len(data), _MODEL):
        if field.number == _PIECES:
            _check_piece(data, field)
            pieces += 1
    if not pieces:
        raise FormatError("has no pieces")


def _check_piece(data: bytes, piece: Field) -> None:
    named = False
    for field in fields_of(data, piece.begin, piece.value, _PIECE):
        if field.number == 1:
            named = _is_text(data[field.begin : field.value])
        elif field.number == 3 and not 1 <= field.value <= _LAST_TYPE:
            raise FormatError(f"has a piece of the unknown type {field.value}")
    if not named:
        raise FormatError("has a piece without a text")


def _is_text(piece: bytes) -> bool:
    try:
        return bool(piece.decode())
    except UnicodeDecodeError:
        raise FormatError("has a piece that is not UTF-8") from None
