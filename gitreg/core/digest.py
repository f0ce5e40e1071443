"""The name of immutable bytes: their BLAKE3.  Knows nothing of where objects are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from blake3 import blake3

from gitreg.core.text import escape
from gitreg.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable

_PREFIX: Final = "blake3:"
_HEX: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A BLAKE3 digest of 32 bytes; `hex` is 64 lowercase digits, so a digest is always safe as a file name."""

    hex: str

    def __post_init__(self) -> None:
        if _HEX.fullmatch(self.hex) is None:
            raise FormatError(f"not a BLAKE3 digest: '{escape(self.hex[:80])}'", hint="expected 64 hex digits")

    @classmethod
    def of(cls, data: bytes | bytearray | memoryview) -> Self:
        """The digest of these bytes; releases the GIL for all but tiny inputs."""
        return cls(blake3(data).hexdigest())

    @classmethod
    def of_pieces(cls, pieces: Iterable[bytes]) -> Self:
        """The digest of bytes that need not all be in memory at once."""
        hasher = blake3()
        for piece in pieces:
            hasher.update(piece)
        return cls(hasher.hexdigest())

    @classmethod
    def from_hex(cls, text: str) -> Self:
        """Parse 64 lowercase hex digits.  Raises FormatError."""
        return cls(text)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `blake3:` and 64 lowercase hex digits.  Raises FormatError."""
        if not text.startswith(_PREFIX):
            raise FormatError(f"not a digest: '{escape(text[:80])}'", hint="expected blake3:<64 hex digits>")
        return cls(text.removeprefix(_PREFIX))

    def __str__(self) -> str:
        return _PREFIX + self.hex
