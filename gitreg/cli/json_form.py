"""Results as JSON: one rule for every frozen dataclass, so that no verb spells its own."""

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
    """A value in JSON's own types.  A dataclass with a spelling (a digest, a version) becomes that string."""
    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | int() | float() | str():
            return str(value) if isinstance(value, str) else value
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case tuple() | list():
            return [plain(item) for item in value]
        case _ if is_dataclass(value) and type(value).__str__ is object.__str__:
            return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
        case _:
            return _spelled(value)


def _spelled(value: object) -> Json:
    if isinstance(value, datetime):
        return moment(value)
    if is_dataclass(value) or isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")
