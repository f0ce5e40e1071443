"""A public key as a value, and its two notations: OpenSSH's line and the wire blob.  Knows nothing of who owns it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple, Self, cast

from gitreg.core.text import escape
from gitreg.errors import FormatError
from gitreg.trust.verifying_key import KeyType, load_verifying_key
from gitreg.trust.wire import Reader

if TYPE_CHECKING:
    from gitreg.trust.certificate import Certificate

# Of a line: an RSA-16384 key takes 2.8 KiB, its certificate four times that, the rest is comment.
MAX_LINE: Final = 16 * 1024
CERTIFICATE_SUFFIX: Final = "-cert-v01@openssh.com"

_LINE: Final = re.compile(r"([!-~]+)[ \t]+([A-Za-z0-9+/=]+)(?:[ \t].*)?")


class PublicKey(NamedTuple):
    """A key this program can verify with, and the certificate it was presented in, if any.

    Two keys are the same if and only if their blobs are: a certificate makes no second key of one, so nobody counts
    twice by having one.
    """

    type: KeyType
    blob: bytes
    certificate: Certificate | None = None

    @classmethod
    def from_blob(cls, blob: bytes) -> Self:
        """From the wire form; FormatError for a malformed, weak or unsupported key, and for a certificate."""
        key_type, _ = load_verifying_key(blob)
        return cls(key_type, blob)

    @classmethod
    def from_wire(cls, blob: bytes) -> PublicKey:
        """As `from_blob`, but perhaps in a certificate, which its authority must have signed."""
        if not _type_name(blob).endswith(CERTIFICATE_SUFFIX):
            return cls.from_blob(blob)
        # few registries have certificates, and every command's start would pay for them
        module = import_module("gitreg.trust.certificate")
        return cast("PublicKey", module.load_certified_key(blob))

    @classmethod
    def parse(cls, line: str) -> Self:
        """From `TYPE BASE64 [COMMENT]`, as in a .pub file."""
        return cls.from_blob(_blob_of(line))

    @classmethod
    def parse_wire(cls, line: str) -> PublicKey:
        """As `parse`, but perhaps with a certificate, as in a -cert.pub file."""
        return cls.from_wire(_blob_of(line))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and self.blob == other.blob

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.blob)

    @property
    def wire(self) -> bytes:
        """What stands for the key in signatures and towards an agent: its certificate, or the blob alone."""
        return self.blob if self.certificate is None else self.certificate.blob

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

        VerificationError if it is not this key's or its certificate forbids it, FormatError if it is malformed.
        """
        _, key = load_verifying_key(self.blob)
        fields = Reader(raw_signature)
        key.verify(fields.word(), fields, data)
        if self.certificate is not None:
            self.certificate.check_use(raw_signature)

    def __str__(self) -> str:
        return self.fingerprint


def _type_name(blob: bytes) -> str:
    return Reader(blob).word()


def _blob_of(line: str) -> bytes:
    form = _LINE.fullmatch(line.strip(" \t\r\n")) if len(line) <= MAX_LINE else None
    if form is None:
        raise FormatError(f"not an OpenSSH public key: '{escape(line[:40])}'")
    blob = decode_base64(form[2])
    if _type_name(blob) != form[1]:
        raise FormatError(f"a public key that says '{escape(form[1][:60])}' but is of type '{_type_name(blob)[:60]}'")
    return blob


def decode_base64(text: str) -> bytes:
    """Base64 in its one canonical form: no foreign characters, right padding, no stray bits."""
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data or binascii.b2a_base64(data, newline=False).decode() != text:
        raise FormatError(f"not canonical base64: '{escape(text[:40])}'")
    return data
