"""What the emulated machine has on its stack: text and small numbers as they are, everything else as its kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

LONGEST_TEXT = 4096
_MOST_KEYS = 256


# Unpickling looks these up on an object: as attributes of its own, they would be called.
_METHODS = frozenset({"append", "extend", "add"})


def is_hook(key: str) -> bool:
    """Whether the machine itself would call an attribute of this name."""
    return key in _METHODS or (key.startswith("__") and key.endswith("__"))


class Plain(Enum):
    """A value whose content decides nothing.  Long texts are kept apart, for they could still be names."""

    DATA = "data"
    BYTES = "bytes"
    LONG_TEXT = "a text of more than 4,096 characters"
    PERSISTENT = "what a persistent id stands for"


@dataclass(frozen=True, slots=True)
class Global:
    """An imported name, as Python 3 resolves it; `asked` is what the pickle says."""

    module: str
    name: str
    asked: tuple[str, str]

    @property
    def key(self) -> tuple[str, str]:
        return self.module, self.name


@dataclass(slots=True, eq=False)
class Items:
    """A list or a set; what is in it was on the stack before, so that it was judged there."""


@dataclass(slots=True, eq=False)
class Table:
    """A dictionary: its first keys that are texts, and all that are hooks.

    `whole` is false once something was left out, `computed` true once a key is what a call or a loader returned.
    """

    entries: dict[str, Value] = field(default_factory=dict)
    whole: bool = True
    computed: bool = False

    def put(self, key: Value, value: Value) -> None:
        if isinstance(key, str) and (len(self.entries) < _MOST_KEYS or key in self.entries or is_hook(key)):
            self.entries[key] = value
        else:
            self.whole = False
        self.computed = self.computed or isinstance(key, Made) or key is Plain.PERSISTENT


@dataclass(slots=True, eq=False)
class Made:
    """What a call returned: only who was called, and with what."""

    by: Value
    arguments: Value
    state: Value = Plain.DATA


Value = str | int | Plain | Global | Items | Table | Made | tuple["Value", ...]
