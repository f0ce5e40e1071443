"""A profile as a value: what may be imported, what of that may be called and with which arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from gitreg.gates.scan.pickles.values import Value

Name = tuple[str, str]
Arguments = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a check of arguments may ask: whether another name may be called too."""

    calls: Mapping[Name, Check]

    def callable(self, value: Value, arguments: Value) -> bool:
        key = getattr(value, "key", None)
        check = self.calls.get(key) if key is not None else None
        return check is not None and isinstance(arguments, tuple) and check(arguments, self)


Check = Callable[[Arguments, Allowed], bool]


@dataclass(frozen=True, slots=True)
class Profile:
    """`passed`: may be imported and handed over, but not called.  `calls`: may be called too, if the check agrees.

    `filled`: objects of these have `append`, `__setitem__`... that only store.  `persistent` says which persistent
    ids the framework's own loader resolves to data.
    """

    name: str
    calls: Mapping[Name, Check]
    passed: frozenset[Name] = frozenset()
    filled: frozenset[Name] = frozenset()
    persistent: Callable[[Value], bool] = field(default=lambda _: False)


@dataclass(frozen=True, slots=True)
class AllowList:
    """Several profiles as one."""

    allowed: Allowed
    passed: frozenset[Name]
    filled: frozenset[Name]
    profiles: tuple[Profile, ...]

    def may_import(self, name: Name) -> bool:
        return name in self.passed or name in self.allowed.calls

    def may_call(self, callee: Value, arguments: Value) -> bool:
        return self.allowed.callable(callee, arguments)

    def may_fetch(self, identifier: Value) -> bool:
        return any(profile.persistent(identifier) for profile in self.profiles)


def merged(profiles: Iterable[Profile]) -> AllowList:
    chosen = tuple(profiles)
    calls = {name: check for profile in chosen for name, check in profile.calls.items()}
    passed = frozenset().union(*(profile.passed for profile in chosen))
    filled = frozenset().union(*(profile.filled for profile in chosen))
    return AllowList(Allowed(calls), passed, filled, chosen)
