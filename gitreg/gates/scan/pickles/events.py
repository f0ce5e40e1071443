"""What happens while a pickle is loaded, in the order it happens.  Whether it may happen is not asked here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from gitreg.gates.scan.pickles.values import Global, Value


@dataclass(frozen=True, slots=True)
class Imported:
    offset: int
    what: Global


@dataclass(frozen=True, slots=True)
class Called:
    """`arguments` is what lies where the opcode wants a tuple."""

    offset: int
    callee: Value
    arguments: Value


@dataclass(frozen=True, slots=True)
class Built:
    """`__setstate__`, or attributes set one by one."""

    offset: int
    target: Value
    state: Value


@dataclass(frozen=True, slots=True)
class Filled:
    """`append`, `extend`, `add` or `__setitem__` of something that is no plain list, set or dictionary."""

    offset: int
    target: Value


@dataclass(frozen=True, slots=True)
class Fetched:
    """A persistent id, which only the reader knows how to resolve."""

    offset: int
    id: Value


class Odd(Enum):
    """Where readers differ, or depend on what else their process did."""

    READERS = "readers disagree"
    EXTENSION = "extension registry"
    BUFFER = "out-of-band buffer"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Oddity:
    offset: int
    kind: Odd
    detail: str


Event = Imported | Called | Built | Filled | Fetched | Oddity
