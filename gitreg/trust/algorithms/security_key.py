"""What a hardware token signs in place of the data itself (OpenSSH's PROTOCOL.u2f), whichever kind of key it holds."""

from __future__ import annotations

import hashlib
from typing import Final

from gitreg.errors import FormatError, VerificationError
from gitreg.trust.wire import Reader, pack_uint32

_USER_PRESENT: Final = 0x01


def read_application(fields: Reader) -> bytes:
    """Whom the key is for, usually `ssh:`.  OpenSSH ends it at a NUL, so what follows one would mean another key."""
    application = fields.string()
    if b"\0" in application:
        raise FormatError("a security key with a NUL in its application")
    return application


def token_signed(application: bytes, signature: Reader, data: bytes) -> bytes:
    """Read the token's flags and counter, the end of `signature`, and return the bytes that it signed for `data`.

    VerificationError if nobody touched the token: what malware on the machine could get is no person's consent.
    """
    flags, counter = signature.byte(), signature.uint32()
    signature.end()
    if not flags & _USER_PRESENT:
        raise VerificationError("the security key signed without anyone touching it")
    state = bytes([flags]) + pack_uint32(counter)
    return hashlib.sha256(application).digest() + state + hashlib.sha256(data).digest()
