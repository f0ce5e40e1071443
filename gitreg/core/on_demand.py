"""A mapping whose values are made when they are first asked for: most questions need few of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key")
Raw = TypeVar("Raw")
Value = TypeVar("Value")


class OnDemand(Mapping[Key, Value], Generic[Key, Raw, Value]):
    """`raw`, in its order, seen through `make`, which is called once for each key that is looked up."""

    def __init__(self, raw: Mapping[Key, Raw], make: Callable[[Raw], Value]) -> None:
        self._raw = raw
        self._make = make
        self._made: dict[Key, Value] = {}

    def __getitem__(self, key: Key) -> Value:
        if key not in self._made:
            self._made[key] = self._make(self._raw[key])
        return self._made[key]

    def __contains__(self, key: object) -> bool:
        return key in self._raw

    def __iter__(self) -> Iterator[Key]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)
