"""Plain values (None, truth, numbers, text, lists, dicts with text keys) as JSON, where nothing changes on the way."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from gitreg.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

_FILE = "model.json"
_DEEPEST = 100
_MOST_BITS = 10_000  # Python itself refuses to read decimals much longer


class JsonSerializer:
    """Exact types only: a tuple, a key that is no text, or a subclass would come back as something else."""

    name = "json"
    runs_code = False

    def matches(self, model: object) -> bool:
        return _plain(model, 0)

    def save(self, model: object, directory: Path) -> None:
        (directory / _FILE).write_text(json.dumps(model, indent=2, allow_nan=False) + "\n", encoding="ascii")

    def load(self, directory: Path) -> object:
        try:
            return json.loads((directory / _FILE).read_bytes())
        except (ValueError, RecursionError) as error:
            raise FormatError(f"{_FILE} is not JSON: {error}") from None


def is_plain_leaf(value: object) -> bool:
    """Whether JSON holds this single value exactly.  NaN and infinities are no JSON."""
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return True
    if isinstance(value, int):
        return kind is int and value.bit_length() <= _MOST_BITS
    return isinstance(value, float) and kind is float and math.isfinite(value)


def _plain(value: object, depth: int) -> bool:
    if depth > _DEEPEST:  # a cycle ends here too
        return False
    if type(value) is dict:
        return all(type(key) is str and _plain(item, depth + 1) for key, item in value.items())
    if type(value) is list:
        return all(_plain(item, depth + 1) for item in value)
    return is_plain_leaf(value)
