"""JSON values as trees to walk through, also where they stand between other bytes.  Knows no format that uses them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

# With a first key: other data hardly ever has one.
_BEGINS = re.compile(rb'\{\s{0,64}"(?:[^"\\\x00-\x1f]|\\.){0,256}"\s{0,64}:', re.DOTALL)
_IN_VAIN = 1 << 14  # about as many characters could be looked at in the time that one attempt takes


def nodes(value: object) -> Iterator[dict[str, object]]:
    """All tables of a tree, itself included."""
    return (item for item in _all(value) if isinstance(item, dict))


def texts_in(value: object) -> Iterator[str]:
    """All texts of a tree, itself included, but no keys."""
    return (item for item in _all(value) if isinstance(item, str))


def _all(value: object) -> Iterator[object]:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        yield item
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def objects_between(data: bytes, longest: int, cost: Callable[[int], None]) -> Iterator[tuple[int, object]]:
    """JSON objects of up to `longest` bytes and where they begin.

    `cost` hears of attempts that were in vain, in characters, and may stop this.
    """
    decoder = json.JSONDecoder()
    end = 0
    for match in _BEGINS.finditer(data):
        at = match.start()
        if at < end:
            continue
        # of a piece only: an error counts the lines before it
        text = data[at : at + longest].decode("latin-1")
        try:
            value, length = decoder.raw_decode(text)
        except (json.JSONDecodeError, RecursionError):
            cost(_IN_VAIN)
        else:
            end = at + length
            yield at, value
