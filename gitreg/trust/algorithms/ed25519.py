"""Ed25519 keys (RFC 8709), in files and in hardware tokens (OpenSSH's PROTOCOL.u2f)."""

from __future__ import annotations

from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gitreg.trust.algorithms.check import check, expect
from gitreg.trust.algorithms.security_key import read_application, token_signed
from gitreg.trust.wire import Reader


class Ed25519(NamedTuple):
    key: Ed25519PublicKey

    def verify(self, algorithm: str, signature: Reader, data: bytes) -> None:
        expect(algorithm, "ssh-ed25519")
        value = signature.string()
        signature.end()
        check(lambda: self.key.verify(value, data))


class SkEd25519(NamedTuple):
    """A key in a hardware token, which signs over hashes, its flags and its counter."""

    key: Ed25519PublicKey
    application: bytes

    def verify(self, algorithm: str, signature: Reader, data: bytes) -> None:
        expect(algorithm, "sk-ssh-ed25519@openssh.com")
        value = signature.string()
        signed = token_signed(self.application, signature, data)
        check(lambda: self.key.verify(value, signed))


def load(key_type: str, fields: Reader) -> Ed25519 | SkEd25519:
    """The rest of a public key blob; FormatError or ValueError if it is malformed."""
    key = Ed25519PublicKey.from_public_bytes(fields.string())
    return Ed25519(key) if key_type == "ssh-ed25519" else SkEd25519(key, read_application(fields))
