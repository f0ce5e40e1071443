"""RSA keys, with SHA-2 signatures only (RFC 4253, 8332)."""

from __future__ import annotations

from typing import Final, NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from gitreg.core.text import escape
from gitreg.errors import FormatError
from gitreg.trust.algorithms.check import check
from gitreg.trust.wire import Reader

# OpenSSH still takes RSA from 1024 bits; that is within reach of a patient attacker.
MIN_RSA_BITS: Final = 2048
MAX_RSA_BITS: Final = 16384
# Larger exponents are legal, useless, and make one verification arbitrarily slow.
MAX_RSA_EXPONENT_BITS: Final = 64

# SHA-1 ("ssh-rsa") is left out on purpose: collisions are affordable.
_RSA_DIGESTS: Final[dict[str, hashes.HashAlgorithm]] = {
    "rsa-sha2-256": hashes.SHA256(),
    "rsa-sha2-512": hashes.SHA512(),
}


class Rsa(NamedTuple):
    key: rsa.RSAPublicKey

    def verify(self, algorithm: str, signature: Reader, data: bytes) -> None:
        digest = _RSA_DIGESTS.get(algorithm)
        if digest is None:
            raise FormatError(f"not an RSA signature by SHA-2: '{escape(algorithm[:40])}'")
        value = signature.string()
        signature.end()
        check(lambda: self.key.verify(value, data, padding.PKCS1v15(), digest))


def load(_key_type: str, fields: Reader) -> Rsa:
    """The rest of a public key blob; FormatError or ValueError if it is malformed or weak."""
    exponent, modulus = fields.mpint(), fields.mpint()
    if not MIN_RSA_BITS <= modulus.bit_length() <= MAX_RSA_BITS:
        raise FormatError(f"an RSA key of {modulus.bit_length()} bits; {MIN_RSA_BITS} to {MAX_RSA_BITS} are accepted")
    if exponent.bit_length() > MAX_RSA_EXPONENT_BITS:
        raise FormatError(f"an RSA key with an exponent of {exponent.bit_length()} bits")
    return Rsa(rsa.RSAPublicNumbers(exponent, modulus).public_key())
