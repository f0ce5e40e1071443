"""A public key as a value, and its two notations: OpenSSH's line and the wire blob."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Final, NamedTuple, Self

from gitreg.core.text import escape
from gitreg.errors import FormatError
from gitreg.trust.verifying_key import KeyType, load_verifying_key
from gitreg.trust.wire import Reader

# Of a line: an RSA-16384 key takes 2.8 KiB, the rest is comment.
MAX_LINE: Final = 16 * 1024

_LINE: Final = re.compile(r"([!-~]+)[ \t]+([A-Za-z0-9+/=]+)(?:[ \t].*)?")


class PublicKey(NamedTuple):
    """A key this program can verify with.  Two keys are the same if and only if their blobs are."""

    type: KeyType
    blob: bytes

    @classmethod
    def from_blob(cls, blob: bytes) -> Self:
        """From the wire form; FormatError for a malformed, weak or unsupported key."""
        key_type, _ = load_verifying_key(blob)
        return cls(key_type, blob)

    @classmethod
    def parse(cls, line: str) -> Self:
        """From `TYPE BASE64 [COMMENT]`, as in a .pub file."""
        form = _LINE.fullmatch(line.strip(" \t\r\n")) if len(line) <= MAX_LINE else None
        if form is None:
            raise FormatError(f"not an OpenSSH public key: '{escape(line[:40])}'")
        key = cls.from_blob(decode_base64(form[2]))
        if key.type != form[1]:
            raise FormatError(f"a public key that says '{escape(form[1][:60])}' but is of type {key.type}")
        return key

    @property
    def line(self) -> str:
        """`TYPE BASE64`, without comment and newline."""
        return f"{self.type} {base64.b64encode(self.blob).decode()}"

    @property
    def fingerprint(self) -> str:
        """`SHA256:...` as `ssh-keygen -l` prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    def verify(self, raw_signature: bytes, data: bytes) -> None:
        """Check a raw SSH signature (algorithm name and value) over exactly `data`.

        VerificationError if it is not this key's, FormatError if it is malformed.
        """
        _, key = load_verifying_key(self.blob)
        fields = Reader(raw_signature)
        key.verify(fields.word(), fields, data)

    def __str__(self) -> str:
        return self.fingerprint


def decode_base64(text: str) -> bytes:
    """Base64 in its one canonical form: no foreign characters, right padding, no stray bits."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data or base64.b64encode(data).decode() != text:
        raise FormatError(f"not canonical base64: '{escape(text[:40])}'")
    return data
