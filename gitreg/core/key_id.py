"""The name of a sealed store's key."""

from __future__ import annotations

from typing import Self

from gitreg.core.text import escape
from gitreg.errors import FormatError


class KeyId(str):
    """32 hex digits, which follow from the key and tell nothing about it."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        if len(text) != 32 or not set(text) <= set("0123456789abcdef"):
            raise FormatError(f"not a key's id: '{escape(text[:64])}'", hint="expected 32 hex digits")
        return cls(text)
