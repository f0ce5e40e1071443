"""JSON values as trees to walk through, also where they stand between other bytes.  Knows no format that uses them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

_BEGINS = '{"'
_DEEP = 1 << 12  # about what is read until Python gives up on nesting


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


def objects_between(data: bytes, cost: Callable[[int], None]) -> Iterator[tuple[int, object]]:
    """JSON objects and where they begin.  `cost` hears of the characters that were read in vain, and may stop this."""
    decoder = json.JSONDecoder()
    text = data.decode("latin-1")
    at = text.find(_BEGINS)
    while at >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            cost(error.pos - at)
            end = at + 1
        except RecursionError:
            cost(_DEEP)
            end = at + 1
        else:
            yield at, value
        at = text.find(_BEGINS, end)
