"""`tokenizer.json` of the tokenizers library: its top level.  Knows none of the algorithms."""

from __future__ import annotations

from typing import BinaryIO

from gitreg.errors import FormatError
from gitreg.gates.formats.reading import read_at_most, strict_json

_LONGEST = 256 << 20
_TABLES = ("truncation", "padding", "normalizer", "pre_tokenizer", "post_processor", "decoder")


def check_tokenizer(stream: BinaryIO, size: int) -> None:  # noqa: ARG001  every parser is called alike
    """Raises FormatError unless it has a model with a vocabulary, and every known key is of its kind."""
    table = strict_json(read_at_most(stream, _LONGEST, "the tokenizer"), "the tokenizer")
    if not isinstance(table, dict):
        raise FormatError("the tokenizer is not a table")
    model = table.get("model")
    if not isinstance(model, dict) or not isinstance(model.get("vocab"), dict | list):
        raise FormatError("the tokenizer has no model with a vocabulary")
    if not isinstance(table.get("version", ""), str):
        raise FormatError("the tokenizer's version is not a text")
    for key in _TABLES:
        if not isinstance(table.get(key), dict | None):
            raise FormatError(f"the tokenizer's {key} is neither a table nor null")
    _check_added(table.get("added_tokens", []))


def _check_added(tokens: object) -> None:
    entries = tokens if isinstance(tokens, list) else [None]
    for entry in entries:
        if not isinstance(entry, dict) or type(entry.get("id")) is not int or not isinstance(entry.get("content"), str):
            raise FormatError("the tokenizer's added_tokens are no list of tables with an id and a content")
