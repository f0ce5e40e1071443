"""Results as JSON: one rule for every frozen record, so that no verb spells its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from pathlib import PurePath

from gitreg.cli.figures import moment

Scalar = str | int | float | bool | None
Json = Scalar | list["Json"] | dict[str, "Json"]


def to_json(value: object) -> str:
    """One JSON document in ASCII, so that its text cannot act on a terminal.  Not-a-number is refused: ValueError."""
    # imported here because most answers are for people, who need not wait for it
    import json  # noqa: PLC0415

    return json.dumps(plain(value), indent=2, allow_nan=False)


def plain(value: object) -> Json:
    """A value in JSON's own types.  A record with a spelling (a digest, a version) becomes that string."""
    names = _fields(value)
    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | int() | float() | str():
            return str(value) if isinstance(value, str) else value
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case _ if names and type(value).__str__ is object.__str__:
            return {name: plain(getattr(value, name)) for name in names}
        case tuple() | list() if not names:
            return [plain(item) for item in value]
        case _:
            return _spelled(value)


def _fields(value: object) -> tuple[str, ...]:
    """Of a frozen dataclass or a named tuple."""
    return tuple(field.name for field in fields(value)) if is_dataclass(value) else getattr(value, "_fields", ())


def _spelled(value: object) -> Json:
    if isinstance(value, datetime):
        return moment(value)
    if _fields(value) or isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")
