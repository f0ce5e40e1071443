"""Patterns of model names in a policy: a name, or a beginning and a `*`.  Of any two that match, one is more exact."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Self

from gitreg.core.names import MAX_NAME_LENGTH, ModelName
from gitreg.core.text import escape
from gitreg.errors import UsageError

_BEGINNING: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?/)*(?:[a-z0-9][a-z0-9_-]*)?")


class ModelPattern(str):
    """`team-a/ner` is that model, `team-a/*` all that begin with `team-a/`, `*` every one; `*` also stands for `/`."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises UsageError, also for patterns that no model name can match."""
        if not text.endswith("*"):
            return cls(ModelName.parse(text))
        beginning = text[:-1]
        if "*" in beginning:
            raise UsageError(
                f"more than one '*' in '{escape(text[:MAX_NAME_LENGTH])}'", hint="one, at the end, as in team-a/*"
            )
        if len(beginning) >= MAX_NAME_LENGTH or not _BEGINNING.fullmatch(beginning):
            raise UsageError(
                f"no model's name can match '{escape(text[:MAX_NAME_LENGTH])}'",
                hint="names are lowercase letters, digits, '-' and '_', in words joined by '/'",
            )
        return cls(text)

    @property
    def literal(self) -> str:
        """What a matching name begins with."""
        return self.removesuffix("*")


def matching(name: str) -> Iterator[ModelPattern]:
    """Every pattern that a name matches, the most exact (the name itself, then the longest beginning) first."""
    yield ModelPattern(name)
    yield from (ModelPattern(name[:length] + "*") for length in range(len(name), -1, -1))


def wider(pattern: ModelPattern) -> Iterator[ModelPattern]:
    """Every pattern that matches all that this one does, and more; the most exact first."""
    return (each for each in matching(pattern.literal) if each not in (pattern.literal, pattern))
