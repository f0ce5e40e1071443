"""`serializer.json`: which serializer wrote the files beside it, so that loading needs no guess."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gitreg.core.text import escape
from gitreg.errors import FormatError, NotFoundError
from gitreg.serializers.table import serializer_for, serializer_named

if TYPE_CHECKING:
    from pathlib import Path

    from gitreg.serializers.serializer import Serializer

_FILE = "serializer.json"
_FORMAT = 1
_LONGEST = 4096


def write_model(model: object, directory: Path) -> Serializer:
    """Save by the serializer that fits, and note which.  Gives it back, as the caller may care if it `runs_code`.

    Raises:
        UsageError: nothing can save it.
    """
    serializer = serializer_for(model)
    directory.mkdir(parents=True, exist_ok=True)
    serializer.save(model, directory)
    note = json.dumps({"format": _FORMAT, "serializer": serializer.name})
    (directory / _FILE).write_text(note + "\n", encoding="ascii")
    return serializer


def serializer_of(directory: Path) -> Serializer:
    """The serializer that wrote this directory; nothing is loaded yet.

    Raises:
        NotFoundError: no `serializer.json`, or its serializer is not installed.
        FormatError: malformed, or of a format this program does not know.
    """
    try:
        with (directory / _FILE).open("rb") as file:
            content = file.read(_LONGEST)
    except FileNotFoundError:
        hint = "gitreg loads as objects only what was saved as objects; use the files instead"
        raise NotFoundError(f"there is no {_FILE} in this version", hint=hint) from None
    return serializer_named(_parse(content))


def _parse(content: bytes) -> str:
    try:
        note = json.loads(content)
    except (ValueError, RecursionError):
        raise FormatError(f"{_FILE} is not JSON") from None
    match note:
        case {"format": int(number), "serializer": str(name)} if number == _FORMAT and number is not True:
            return name
        case {"format": int(number)} if number != _FORMAT:
            raise FormatError(f"{_FILE} has the format {number}", hint="a newer gitreg wrote it; upgrade")
        case _:
            raise FormatError(f"{_FILE} is malformed: {escape(repr(note))[:80]}")
