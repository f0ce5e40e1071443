"""Params, metrics and schemas from JSON or TOML files, as training scripts write them."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from gitreg.core.text import escape
from gitreg.errors import SourceError, UsageError

_PARSERS: Mapping[str, Callable[[str], object]] = {".json": json.loads, ".toml": tomllib.loads}


def read_table(path: Path) -> dict[str, object]:
    """The file's table.  Raises UsageError, SourceError; nothing in it may be null or not a number."""
    shown = escape(str(path))
    parse = _PARSERS.get(path.suffix)
    if parse is None:
        raise UsageError(f"cannot tell the format of {shown}", hint="name it .json or .toml")
    try:
        table = parse(path.read_text("utf-8"))
    except OSError as error:
        raise SourceError(f"cannot read {shown}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{shown} is not valid {path.suffix[1:].upper()}: {escape(str(error))}") from None
    if not isinstance(table, dict):
        raise UsageError(f"{shown} holds no table of keys and values", hint='for example {"accuracy": 0.98}')
    for key, value in _leaves(table):
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            raise UsageError(f"{shown}: {escape(key)} is {value}", hint="leave out what has no value")
    return table


def read_metrics(path: Path) -> dict[str, float]:
    """The file's numbers; those in inner tables are called `table.name`."""
    metrics: dict[str, float] = {}
    for key, value in _leaves(read_table(path)):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UsageError(f"{escape(str(path))}: {escape(key)} is not a number", hint="metrics are finite numbers")
        metrics[key] = value
    return metrics


def _leaves(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            yield from _leaves({str(index): item for index, item in enumerate(value)}, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
