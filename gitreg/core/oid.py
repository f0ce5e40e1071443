"""Git's object names as a type.  Knows their form only, never whether such an object exists."""

from __future__ import annotations

import re
from typing import Final

from gitreg.errors import FormatError

# SHA-1 repositories name objects with 40 digits, SHA-256 ones with 64; git itself always writes lowercase.
_FORM: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class Oid(str):
    """A full object name: 40 or 64 lowercase hexadecimal digits."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Oid:
        """Check `text` and return it as an Oid; FormatError for anything abbreviated or symbolic."""
        if _FORM.fullmatch(text) is None:
            raise FormatError(f"not a full git object name: {text[:80]!a}")
        return cls(text)

    @property
    def is_null(self) -> bool:
        """All zeros: git's way of writing "no object", as hooks receive it for created and deleted refs."""
        return not self.strip("0")
