"""Bounded reading: what every parser of untrusted files here relies on.  Knows no file format but JSON."""

from __future__ import annotations

import json
from typing import BinaryIO, NoReturn

from gitreg.errors import FormatError


def read_exactly(stream: BinaryIO, count: int, what: str) -> bytes:
    data = stream.read(count)
    if len(data) != count:
        raise FormatError(f"{what} is cut off")
    return data


def read_at_most(stream: BinaryIO, limit: int, what: str) -> bytes:
    """The rest of the stream, refused if longer than `limit` bytes."""
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise FormatError(f"{what} is longer than {limit} bytes")
    return data


def strict_json(data: bytes, what: str) -> object:
    """Parse UTF-8 JSON by the letter: no NaN, and no key twice, of which readers disagree which one counts."""
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except FormatError as error:
        raise FormatError(f"{what}: {error.message}") from None
    except RecursionError:
        raise FormatError(f"{what} is nested too deep") from None
    except ValueError as error:
        raise FormatError(f"{what} is not JSON: {error}") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table: dict[str, object] = {}
    for key, value in pairs:
        if key in table:
            raise FormatError(f"the key {key[:60]!r} stands twice")
        table[key] = value
    return table


def _no_constant(name: str) -> NoReturn:
    raise FormatError(f"{name} is not JSON")
