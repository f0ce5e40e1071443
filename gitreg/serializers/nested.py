"""Nested dicts, lists and tuples taken apart into named arrays and a JSON outline, and put together again.

Knows arrays only through what its caller says about them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from gitreg.errors import FormatError
from gitreg.serializers.json_value import is_plain_leaf

_DEEPEST = 100


def leaves(value: object, depth: int = 0) -> Iterator[object]:
    """All that is not an exact dict with text keys, list or tuple; a cycle shows up as a container among them."""
    if depth > _DEEPEST:
        yield value
    elif type(value) is dict and all(type(key) is str for key in value):
        for item in value.values():
            yield from leaves(item, depth + 1)
    elif type(value) is list or type(value) is tuple:
        for item in value:
            yield from leaves(item, depth + 1)
    else:
        yield value


@dataclass(slots=True)
class Outline:
    """Builds the outline: plain leaves stand in it, others by the name under which `named` holds them.

    A node is `{"plain": value}`, `{"dict": [[key, node], ...]}`, `{"list": [...]}`, `{"tuple": [...]}`, or
    `{"leaf": name}`.
    """

    named: dict[str, object] = field(default_factory=dict)

    def of(self, value: object, path: str = "") -> dict[str, object]:
        if type(value) is dict:
            return {"dict": [[key, self.of(item, _joined(path, key))] for key, item in value.items()]}
        if type(value) is list or type(value) is tuple:
            nodes = [self.of(item, _joined(path, str(index))) for index, item in enumerate(value)]
            return {type(value).__name__: nodes}
        if is_plain_leaf(value):
            return {"plain": value}
        name = self._unused(path or "array")
        self.named[name] = value
        return {"leaf": name}

    def _unused(self, path: str) -> str:
        # "a.b" may be a key or the key "b" inside "a"; and safetensors keeps one name for itself.
        name, number = path, 1
        while name in self.named or name == "__metadata__":
            number += 1
            name = f"{path}#{number}"
        return name


def rebuild(node: object, leaf: Callable[[str], object]) -> object:
    """The value whose outline this is; `leaf` gives the value of a name."""
    match node:
        case {"plain": value}:
            return value
        case {"leaf": str(name)}:
            return leaf(name)
        case {"dict": list(items)}:
            return {key: rebuild(item, leaf) for key, item in items}
        case {"list": list(items)}:
            return [rebuild(item, leaf) for item in items]
        case {"tuple": list(items)}:
            return tuple(rebuild(item, leaf) for item in items)
        case _:
            raise FormatError("the outline of the model is malformed")


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
