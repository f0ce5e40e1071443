"""ECDSA keys on the NIST curves (RFC 5656)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from gitreg.core.text import escape
from gitreg.errors import FormatError
from gitreg.trust.algorithms.check import check, expect
from gitreg.trust.wire import Reader

# RFC 5656, 6.2.1: the hash grows with the curve.
ECDSA_DIGESTS: Final[dict[str, hashes.HashAlgorithm]] = {
    "ecdsa-sha2-nistp256": hashes.SHA256(),
    "ecdsa-sha2-nistp384": hashes.SHA384(),
    "ecdsa-sha2-nistp521": hashes.SHA512(),
}
_CURVES: Final[dict[str, ec.EllipticCurve]] = {
    "ecdsa-sha2-nistp256": ec.SECP256R1(),
    "ecdsa-sha2-nistp384": ec.SECP384R1(),
    "ecdsa-sha2-nistp521": ec.SECP521R1(),
}


@dataclass(frozen=True, slots=True)
class Ecdsa:
    key: ec.EllipticCurvePublicKey
    type: str

    def verify(self, algorithm: str, signature: Reader, data: bytes) -> None:
        expect(algorithm, self.type)
        pair = Reader(signature.string())
        signature.end()
        value = encode_dss_signature(pair.mpint(), pair.mpint())
        pair.end()
        check(lambda: self.key.verify(value, data, ec.ECDSA(ECDSA_DIGESTS[self.type])))


def load(key_type: str, fields: Reader) -> Ecdsa:
    """The rest of a public key blob; FormatError or ValueError if it is malformed."""
    name, point = fields.word(), fields.string()
    if f"ecdsa-sha2-{name}" != key_type:
        raise FormatError(f"a {key_type} key that names the curve '{escape(name[:40])}'")
    # One form only, or the same key would have two names; OpenSSH refuses compressed points too.
    if point[:1] != b"\x04":
        raise FormatError(f"a {key_type} key whose point is not in the uncompressed form")
    return Ecdsa(ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[key_type], point), key_type)
