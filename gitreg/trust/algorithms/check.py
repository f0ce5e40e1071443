"""What the key families share."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.exceptions import InvalidSignature

from gitreg.core.text import escape
from gitreg.errors import FormatError, VerificationError


def expect(algorithm: str, expected: str) -> None:
    """A signature names its algorithm; FormatError unless it is the key's own."""
    if algorithm != expected:
        raise FormatError(f"a {expected} key cannot make a '{escape(algorithm[:40])}' signature")


def check(verify: Callable[[], None]) -> None:
    """Run cryptography's check; VerificationError for a bad signature."""
    try:
        verify()
    except InvalidSignature:
        raise VerificationError("the signature does not fit the key and the signed text") from None
