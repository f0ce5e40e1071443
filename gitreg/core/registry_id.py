"""The identity of a registry: a random UUID written once by `init`, and signed into every tag."""

from __future__ import annotations

import re
from typing import Self

from gitreg.core.text import escape
from gitreg.errors import FormatError

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class RegistryId(str):
    """A UUID in its canonical lowercase form."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        if not _UUID.fullmatch(text):
            raise FormatError(f"not a registry id: '{escape(text[:64])}'", hint="a registry id is a lowercase UUID")
        return cls(text)
