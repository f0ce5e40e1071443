"""The machine's stack, marks and memo, with the errors that CPython's have.  Knows no opcode."""

from __future__ import annotations

from gitreg.gates.scan.pickles.cursor import BrokenError
from gitreg.gates.scan.pickles.values import Value


class Stack:
    """A mark lays a new stack over the one before, which nothing reaches until the mark is taken away."""

    __slots__ = ("_below", "_items", "memo")

    def __init__(self) -> None:
        self._items: list[Value] = []
        self._below: list[list[Value]] = []
        self.memo: dict[int, Value] = {}

    def push(self, value: Value) -> None:
        self._items.append(value)

    def pop(self) -> Value:
        if not self._items:
            raise BrokenError("takes from an empty stack")
        return self._items.pop()

    @property
    def top(self) -> Value:
        if not self._items:
            raise BrokenError("looks at an empty stack")
        return self._items[-1]

    def mark(self) -> None:
        self._below.append(self._items)
        self._items = []

    def pop_to_mark(self) -> list[Value]:
        if not self._below:
            raise BrokenError("looks for a mark that is not there")
        items, self._items = self._items, self._below.pop()
        return items

    def pop_or_unmark(self) -> None:
        if self._items:
            self._items.pop()
        else:
            self.pop_to_mark()

    def remember(self, index: int) -> None:
        self.memo[index] = self.top

    def recall(self, index: int) -> None:
        if index not in self.memo:
            raise BrokenError("asks for something it did not remember")
        self.push(self.memo[index])
