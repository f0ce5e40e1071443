"""Names of models, stages and people: parsed once at the edge, then carried as types."""

from __future__ import annotations

import re
from typing import Self

from gitreg.core.text import escape
from gitreg.errors import UsageError

MAX_NAME_LENGTH = 128
RESERVED_STAGES = frozenset({"latest", "greatest", "deprecated", "created"})

_WORD = r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?"
_MODEL = re.compile(rf"{_WORD}(?:/{_WORD})*")
_STAGE = re.compile(_WORD)
_PRINCIPAL = re.compile(r"[A-Za-z0-9._%+@-]+")


class ModelName(str):
    """`mnist`, `team/ner`: lowercase ASCII words joined by `/`; also what a GTO artifact may be called."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        if len(text) > MAX_NAME_LENGTH or not _MODEL.fullmatch(text):
            raise UsageError(
                f"not a model name: '{escape(text[:MAX_NAME_LENGTH])}'",
                hint="use lowercase letters, digits, '-' and '_'; '/' separates a team from a name (team/ner)",
            )
        return cls(text)


class StageName(str):
    """`staging`, `production`: one lowercase ASCII word."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        if len(text) > MAX_NAME_LENGTH or not _STAGE.fullmatch(text) or text in RESERVED_STAGES:
            raise UsageError(
                f"not a stage name: '{escape(text[:MAX_NAME_LENGTH])}'",
                hint="use one word of lowercase letters, digits, '-' and '_', such as 'production'",
            )
        return cls(text)


class Principal(str):
    """A person or service as allowed_signers names it, usually an e-mail address."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        if len(text) > MAX_NAME_LENGTH or not _PRINCIPAL.fullmatch(text):
            raise UsageError(
                f"not a principal: '{escape(text[:MAX_NAME_LENGTH])}'",
                hint="a principal is an e-mail address or a plain name, without spaces or wildcards",
            )
        return cls(text)


class Person(str):
    """Somebody with any number of principals: a name from the policy's `[people]`, or their only principal."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        if len(text) > MAX_NAME_LENGTH or not _PRINCIPAL.fullmatch(text):
            raise UsageError(
                f"not a person's name: '{escape(text[:MAX_NAME_LENGTH])}'",
                hint="use one word of letters, digits, '.', '-' and '_', such as ann",
            )
        return cls(text)
