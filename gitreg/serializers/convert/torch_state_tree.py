"""What a torch file holds as a whole: names for its tensors, and an outline where it is more than names and tensors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gitreg.core.text import escape
from gitreg.errors import FormatError
from gitreg.serializers.convert.torch_values import View
from gitreg.serializers.json_value import is_plain_leaf
from gitreg.serializers.nested import Outline

OUTLINE_KEY = "gitreg"
_DEEPEST = 50
_MOST_NODES = 1_000_000  # the same list may stand in a pickle many times over
_PART = "convert one entry of it, such as: --part model"


@dataclass(frozen=True, slots=True)
class NamedViews:
    """`outline` is JSON, and None for a plain dict of tensors."""

    views: Mapping[str, View]
    outline: str | None


def named_views(loaded: object, part: str | None) -> NamedViews:
    """Names for all tensors; `part` chooses one entry of a checkpoint, by keys with dots between them.

    Raises:
        FormatError: it holds something that is neither a tensor nor a plain value, or no tensor at all.
    """
    value = _chosen(loaded, part)
    if type(value) is dict and value and all(isinstance(key, str) for key in value):
        views = {key: item for key, item in value.items() if isinstance(item, View)}
        if len(views) == len(value):
            return NamedViews(views, None)
    for count, (path, leaf) in enumerate(_leaves(value, "", 0)):
        if count > _MOST_NODES:
            raise FormatError(f"holds more than {_MOST_NODES} values")
        if not isinstance(leaf, View) and not is_plain_leaf(leaf):
            raise FormatError(f"holds at '{escape(path[:100])}' what is no tensor and no plain value", hint=_PART)
    return _outlined(value)


def _outlined(value: object) -> NamedViews:
    outline = Outline()
    root = outline.of(value)
    views = {name: view for name, view in outline.named.items() if isinstance(view, View)}
    if not views:
        raise FormatError("holds no tensor")
    return NamedViews(views, json.dumps({"outline": root}, allow_nan=False))


def _chosen(value: object, part: str | None) -> object:
    """Keys of state dicts have dots themselves, so the longest key that fits goes first."""
    if not part:
        return value
    if isinstance(value, dict):
        for key in sorted((key for key in value if isinstance(key, str)), key=len, reverse=True):
            if part == key:
                return value[key]
            if part.startswith(f"{key}."):
                return _chosen(value[key], part[len(key) + 1 :])
        keys = ", ".join(str(key)[:40] for key in list(value)[:10])
        raise FormatError(f"has no entry '{escape(part)}'", hint=f"its entries: {escape(keys)}")
    raise FormatError(f"has no entry '{escape(part)}'", hint="it holds no entries by name")


def _leaves(value: object, path: str, depth: int) -> Iterator[tuple[str, object]]:
    """Everything that is no container; what is nested too deep, or has keys that are no texts, counts as a leaf."""
    if type(value) is dict and depth < _DEEPEST and all(isinstance(key, str) for key in value):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else key, depth + 1)
    elif type(value) in {list, tuple} and depth < _DEEPEST:
        for index, item in enumerate(value):  # type: ignore[arg-type]  # a list or tuple, by the line above
            yield from _leaves(item, f"{path}.{index}" if path else str(index), depth + 1)
    else:
        yield path, value
