"""What a public key of each kind can do: check one raw SSH signature.  Knows nothing of who owns the key.

Sources: RFC 4253 and 8332 (RSA), 5656 (ECDSA), 8709 (Ed25519), OpenSSH's PROTOCOL.u2f (sk keys).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from gitreg.core.text import escape
from gitreg.errors import FormatError, VerificationError
from gitreg.trust.wire import Reader, pack_uint32

# OpenSSH still takes RSA from 1024 bits; that is within reach of a patient attacker.
MIN_RSA_BITS: Final = 2048
MAX_RSA_BITS: Final = 16384
# Larger exponents are legal, useless, and make one verification arbitrarily slow.
MAX_RSA_EXPONENT_BITS: Final = 64

_USER_PRESENT: Final = 0x01


class KeyType(StrEnum):
    """The kinds of keys this program verifies, by the names SSH gives them."""

    ED25519 = "ssh-ed25519"
    ECDSA_P256 = "ecdsa-sha2-nistp256"
    ECDSA_P384 = "ecdsa-sha2-nistp384"
    ECDSA_P521 = "ecdsa-sha2-nistp521"
    RSA = "ssh-rsa"
    SK_ED25519 = "sk-ssh-ed25519@openssh.com"

    @property
    def is_hardware(self) -> bool:
        """Private halves of such keys never leave their token."""
        return self is KeyType.SK_ED25519


class VerifyingKey(Protocol):
    def verify(self, algorithm: str, signature: Reader, data: bytes) -> None:
        """Check `signature`, the raw signature after its algorithm's name.

        VerificationError if it is not this key's over `data`, FormatError if it is malformed.
        """


@dataclass(frozen=True, slots=True)
class _Ed25519:
    key: Ed25519PublicKey

    def verify(self, algorithm: str, signature: Reader, data: bytes) -> None:
        _expect(algorithm, KeyType.ED25519)
        value = signature.string()
        signature.end()
        _check(lambda: self.key.verify(value, data))


@dataclass(frozen=True, slots=True)
class _SkEd25519:
    """A key in a hardware token, which signs over hashes, its flags and its counter."""

    key: Ed25519PublicKey
    application: bytes

    def verify(self, algorithm: str, signature: Reader, data: bytes) -> None:
        _expect(algorithm, KeyType.SK_ED25519)
        value, flags, counter = signature.string(), signature.byte(), signature.uint32()
        signature.end()
        if not flags & _USER_PRESENT:
            raise VerificationError("the security key signed without anyone touching it")
        signed = (
            hashlib.sha256(self.application).digest()
            + bytes([flags])
            + pack_uint32(counter)
            + hashlib.sha256(data).digest()
        )
        _check(lambda: self.key.verify(value, signed))


@dataclass(frozen=True, slots=True)
class _Ecdsa:
    key: ec.EllipticCurvePublicKey
    type: KeyType

    def verify(self, algorithm: str, signature: Reader, data: bytes) -> None:
        _expect(algorithm, self.type)
        pair = Reader(signature.string())
        signature.end()
        value = encode_dss_signature(pair.mpint(), pair.mpint())
        pair.end()
        _check(lambda: self.key.verify(value, data, ec.ECDSA(ECDSA_DIGESTS[self.type])))


@dataclass(frozen=True, slots=True)
class _Rsa:
    key: rsa.RSAPublicKey

    def verify(self, algorithm: str, signature: Reader, data: bytes) -> None:
        digest = _RSA_DIGESTS.get(algorithm)
        if digest is None:
            raise FormatError(f"not an RSA signature by SHA-2: '{escape(algorithm[:40])}'")
        value = signature.string()
        signature.end()
        _check(lambda: self.key.verify(value, data, padding.PKCS1v15(), digest))


# RFC 5656, 6.2.1: the hash grows with the curve.
ECDSA_DIGESTS: Final[dict[KeyType, hashes.HashAlgorithm]] = {
    KeyType.ECDSA_P256: hashes.SHA256(),
    KeyType.ECDSA_P384: hashes.SHA384(),
    KeyType.ECDSA_P521: hashes.SHA512(),
}

# SHA-1 ("ssh-rsa") is left out on purpose: collisions are affordable.
_RSA_DIGESTS: Final[dict[str, hashes.HashAlgorithm]] = {
    "rsa-sha2-256": hashes.SHA256(),
    "rsa-sha2-512": hashes.SHA512(),
}


def _expect(algorithm: str, expected: KeyType) -> None:
    if algorithm != expected:
        raise FormatError(f"a {expected} key cannot make a '{escape(algorithm[:40])}' signature")


def _check(verify: Callable[[], None]) -> None:
    try:
        verify()
    except InvalidSignature:
        raise VerificationError("the signature does not fit the key and the signed text") from None


def _load_ed25519(fields: Reader) -> _Ed25519:
    return _Ed25519(Ed25519PublicKey.from_public_bytes(fields.string()))


def _load_sk_ed25519(fields: Reader) -> _SkEd25519:
    return _SkEd25519(Ed25519PublicKey.from_public_bytes(fields.string()), fields.string())


def _load_rsa(fields: Reader) -> _Rsa:
    exponent, modulus = fields.mpint(), fields.mpint()
    if not MIN_RSA_BITS <= modulus.bit_length() <= MAX_RSA_BITS:
        raise FormatError(f"an RSA key of {modulus.bit_length()} bits; {MIN_RSA_BITS} to {MAX_RSA_BITS} are accepted")
    if exponent.bit_length() > MAX_RSA_EXPONENT_BITS:
        raise FormatError(f"an RSA key with an exponent of {exponent.bit_length()} bits")
    return _Rsa(rsa.RSAPublicNumbers(exponent, modulus).public_key())


def _ecdsa_loader(key_type: KeyType, curve: ec.EllipticCurve) -> Callable[[Reader], _Ecdsa]:
    def load(fields: Reader) -> _Ecdsa:
        name, point = fields.word(), fields.string()
        if f"ecdsa-sha2-{name}" != key_type:
            raise FormatError(f"a {key_type} key that names the curve '{escape(name[:40])}'")
        # One form only, or the same key would have two names; OpenSSH refuses compressed points too.
        if point[:1] != b"\x04":
            raise FormatError(f"a {key_type} key whose point is not in the uncompressed form")
        return _Ecdsa(ec.EllipticCurvePublicKey.from_encoded_point(curve, point), key_type)

    return load


_LOADERS: Final[dict[KeyType, Callable[[Reader], VerifyingKey]]] = {
    KeyType.ED25519: _load_ed25519,
    KeyType.ECDSA_P256: _ecdsa_loader(KeyType.ECDSA_P256, ec.SECP256R1()),
    KeyType.ECDSA_P384: _ecdsa_loader(KeyType.ECDSA_P384, ec.SECP384R1()),
    KeyType.ECDSA_P521: _ecdsa_loader(KeyType.ECDSA_P521, ec.SECP521R1()),
    KeyType.RSA: _load_rsa,
    KeyType.SK_ED25519: _load_sk_ed25519,
}


@lru_cache(maxsize=1024)
def load_verifying_key(blob: bytes) -> tuple[KeyType, VerifyingKey]:
    """The key in a public key blob; FormatError for anything malformed, weak or of another kind.

    Remembered, because a registry has thousands of signatures by a handful of keys.
    """
    fields = Reader(blob)
    name = fields.word()
    try:
        key_type = KeyType(name)
    except ValueError:
        raise FormatError(f"keys of type '{escape(name[:60])}' are not supported") from None
    try:
        key = _LOADERS[key_type](fields)
    except ValueError as error:
        raise FormatError(f"a {key_type} key that is none: {escape(str(error))}") from error
    fields.end()
    return key_type, key
