"""Who can open a sealed store: an identity, kept by its owner, and the recipient that it is to others.  Never signs."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

from gitreg.core.text import escape
from gitreg.errors import UsageError
from gitreg.storage.remote.sealing import cipher

_LINE: Final = re.compile(r"x25519:([A-Za-z0-9+/]{43}=)(?: +([ -~]{1,200}))?")
_PROBE: Final = bytes(cipher.KEY_BYTES)


class Recipient(NamedTuple):
    """`x25519:BASE64 NAME`: a public key, and whose it is said to be."""

    key: bytes
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises UsageError."""
        match = _LINE.fullmatch(text.strip())
        key = _decoded(match[1]) if match else b""
        if match is None or not _usable(key):
            raise UsageError(
                f"not a recipient: '{escape(text[:80])}'", hint="gitreg identity prints one: x25519:BASE64 NAME"
            )
        return cls(key, (match[2] or "").strip())

    @property
    def public(self) -> str:
        return f"x25519:{base64.b64encode(self.key).decode()}"

    def __str__(self) -> str:
        return f"{self.public} {self.name}".rstrip()


@dataclass(frozen=True, slots=True)
class Identity:
    """A private key."""

    private: cipher.PrivateKey = field(repr=False)

    @classmethod
    def new(cls) -> Self:
        return cls(cipher.new_private())

    @classmethod
    def from_pem(cls, data: bytes) -> Self | None:
        """None for anything but an X25519 key in PEM without a passphrase."""
        private = cipher.read_private_pem(data)
        return None if private is None else cls(private)

    def pem(self) -> bytes:
        return cipher.private_pem(self.private)

    def recipient(self, name: str = "") -> Recipient:
        return Recipient(self.private.public_key().public_bytes_raw(), name)


def _decoded(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
    return data if base64.b64encode(data).decode() == text else b""


def _usable(key: bytes) -> bool:
    """Not one of the few points that would make every share's key the same."""
    try:
        cipher.wrap(key, _PROBE, b"")
    except ValueError:
        return False
    return True
