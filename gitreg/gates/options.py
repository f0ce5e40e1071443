"""A gate's options as the policy gives them, read strictly.  Knows no particular gate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from gitreg.core.text import escape
from gitreg.errors import FormatError


@dataclass(frozen=True, slots=True)
class Options:
    """The table `[gates.NAME]` without `kind` and `timeout`; every error names the gate and the option.

    `timeout`: the seconds that the gate may take, whatever its kind.
    """

    gate: str
    values: Mapping[str, object]
    timeout: float = 600.0

    def only(self, *known: str) -> None:
        """Refuse options that the gate does not know: a misspelt limit would otherwise check nothing."""
        for option in self.values:
            if option not in known:
                hint = f"it knows {', '.join(sorted(known))}" if known else "it takes none"
                raise self.wrong(option, "is not an option of this kind of gate", hint=hint)

    def text(self, option: str) -> str | None:
        value = self.values.get(option)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(option, "must be a text that is not empty")
        return value

    def number(self, option: str) -> float | None:
        value = self.values.get(option)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value):
            raise self.wrong(option, "must be a finite number")
        return value

    def positive(self, option: str) -> float | None:
        value = self.number(option)
        if value is not None and value <= 0:
            raise self.wrong(option, "must be more than 0")
        return value

    def count(self, option: str, default: int, most: int) -> int:
        value = self.values.get(option, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= most:
            raise self.wrong(option, f"must be a whole number from 1 to {most}")
        return value

    def texts(self, option: str) -> tuple[str, ...] | None:
        value = self.values.get(option)
        if value is None:
            return None
        if not isinstance(value, list | tuple) or not value:
            raise self.wrong(option, "must be a list that is not empty")
        if not all(isinstance(item, str) and item for item in value):
            raise self.wrong(option, "must be a list of texts")
        return tuple(value)

    def wrong(self, option: str, why: str, *, hint: str | None = None) -> FormatError:
        """The error to raise for one option."""
        return FormatError(f"gate {escape(self.gate)}: {escape(option)} {why}", hint=hint)


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
