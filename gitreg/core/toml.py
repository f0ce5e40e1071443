"""Strict reading of our TOML files: every complaint names the file's key, and unknown keys are mistakes."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar, cast

from gitreg.core.near import did_you_mean
from gitreg.core.text import escape
from gitreg.errors import FormatError, GitregError

T = TypeVar("T")

FORMAT = 1
MAX_BYTES = 4 << 20
MAX_DEPTH = 32
_MEND = "git log -p shows how the file came to be so, and its last good form"
# tomllib takes quadratic time for a dotted key, half a day for one that fills the largest file
_ENDLESS_KEY = re.compile(r"""(?:\.[ \t]*+(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+){64}""")


def load_toml(data: bytes, what: str) -> Table:
    """Parse one of our TOML files; `what` names it in messages.  Raises FormatError, with the line for bad TOML."""
    if len(data) > MAX_BYTES:
        raise FormatError(f"{what}: larger than 4 MiB", hint=_MEND)
    values = _decoded(data, what)
    _check_limits(values, what)
    root = Table(values, what)
    version = root.optional("format", int)
    if version != FORMAT:
        shown = "no `format = 1` line" if version is None else f"unknown format {version}"
        raise FormatError(f"{what}: {shown}", hint="this gitreg reads format 1; a newer one may read the file")
    return root


def _decoded(data: bytes, what: str) -> dict[str, object]:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FormatError(f"{what}: not UTF-8 text (at line {line})", hint=_MEND) from None
    if _ENDLESS_KEY.search(text):
        raise FormatError(f"{what}: a key with too many dots", hint=_MEND)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # numbers too long for Python are plain ValueErrors
        reason = str(error).replace("at end of document", f"at line {text.count(chr(10)) + 1}, the end")
        raise FormatError(f"{what}: not valid TOML: {escape(reason)}", hint=_MEND) from None


def _check_limits(values: Mapping[str, object], what: str) -> None:
    """Nothing nested or counted beyond what JSON, and everybody's recursion, can carry."""
    pending: list[tuple[str, object, int]] = [(key, value, 1) for key, value in values.items()]
    while pending:
        key, value, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise FormatError(f"{what}: {escape(key[:80])}: nested deeper than {MAX_DEPTH} levels", hint=_MEND)
        if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
            raise FormatError(f"{what}: {escape(key[:80])}: a whole number of more than 64 bits", hint=_MEND)
        if isinstance(value, dict):
            pending += [(name, entry, depth + 1) for name, entry in value.items()]
        elif isinstance(value, list):
            pending += [(key, entry, depth + 1) for entry in value]


class Table:
    """One table of a TOML file; keys are taken out one by one, and `finish` complains about what is left."""

    def __init__(self, data: Mapping[str, object], where: str) -> None:
        self._data = data
        self._where = where
        self._taken: set[str] = set()

    def fail(self, key: str, message: str, *, hint: str | None = None) -> FormatError:
        return FormatError(f"{self._where}: {escape(key[:80])}: {message}", hint=hint or _MEND)

    def names(self) -> list[str]:
        return list(self._data)

    def optional(self, key: str, kind: type[T]) -> T | None:
        self._taken.add(key)
        value = self._data.get(key)
        if value is None:
            return None
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.fail(key, f"must be {_NAMES[kind]}")
        return value

    def required(self, key: str, kind: type[T]) -> T:
        value = self.optional(key, kind)
        if value is None:
            raise self.fail(key, "is missing", hint=f"add a line: {escape(key)} = ...")
        return value

    def parsed(self, key: str, parse: Callable[[str], T]) -> T:
        """A required string, through one of the value types' parsers."""
        return self._through(key, parse, self.required(key, str))

    def named(self, key: str, parse: Callable[[str], T]) -> T:
        """The key itself, through one of the value types' parsers."""
        return self._through(key, parse, key)

    def count(self, key: str, *, default: int | None = None) -> int:
        """A whole number that is not negative."""
        value = self.required(key, int) if default is None else self.optional(key, int)
        if value is None:
            return cast("int", default)
        if value < 0:
            raise self.fail(key, "must not be negative")
        return value

    def strings(self, key: str) -> tuple[str, ...]:
        values = self.optional(key, list) or []
        if not all(isinstance(value, str) for value in values):
            raise self.fail(key, "must be a list of strings")
        return tuple(values)

    def all_parsed(self, key: str, parse: Callable[[str], T]) -> tuple[T, ...]:
        return tuple(self._through(key, parse, value) for value in self.strings(key))

    def table(self, key: str) -> Table:
        """A sub-table; an absent one reads as empty."""
        return Table(self.optional(key, dict) or {}, f"{self._where}: {escape(key[:80])}")

    def tables(self, key: str) -> list[Table]:
        """An array of tables."""
        entries = self.optional(key, list) or []
        if not all(isinstance(entry, dict) for entry in entries):
            raise self.fail(key, f"must be [[{key}]] tables")
        return [Table(entry, f"{self._where}: {escape(key)}[{i}]") for i, entry in enumerate(entries)]

    def values(self) -> dict[str, object]:
        """Everything, for tables that people fill as they like; only values that JSON can carry."""
        self._taken.update(self._data)
        return {key: self._plain(key, value) for key, value in self._data.items()}

    def numbers(self) -> dict[str, float]:
        """Everything, all of it finite numbers."""
        self._taken.update(self._data)
        for key, value in self._data.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise self.fail(key, f"must be a finite number, not {escape(str(value)[:40])}")
        return cast("dict[str, float]", dict(self._data))

    def finish(self) -> None:
        for key in self._data:
            if key not in self._taken:
                raise self.fail(key, "unknown key", hint=did_you_mean(key, self._taken))

    def _through(self, key: str, parse: Callable[[str], T], value: str) -> T:
        try:
            return parse(value)
        except GitregError as error:
            raise self.fail(key, error.message, hint=error.hint) from None

    def _plain(self, key: str, value: object) -> object:
        if isinstance(value, dict):
            return {name: self._plain(name, entry) for name, entry in value.items()}
        if isinstance(value, list):
            return [self._plain(key, entry) for entry in value]
        if isinstance(value, float) and not math.isfinite(value):
            raise self.fail(key, "must be finite")
        return value if isinstance(value, str | bool | int | float) else str(value)


_NAMES: dict[type, str] = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    datetime: "a date and time",
}
