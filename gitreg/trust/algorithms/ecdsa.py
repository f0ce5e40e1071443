"""ECDSA keys on the NIST curves (RFC 5656), in files and in hardware tokens (OpenSSH's PROTOCOL.u2f)."""

from __future__ import annotations

from typing import Final, NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from gitreg.core.text import escape
from gitreg.errors import FormatError
from gitreg.trust.algorithms.check import check, expect
from gitreg.trust.algorithms.security_key import read_application, token_signed
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
_SK_TYPE: Final = "sk-ecdsa-sha2-nistp256@openssh.com"
_SK_CURVE: Final = "ecdsa-sha2-nistp256"


class Ecdsa(NamedTuple):
    key: ec.EllipticCurvePublicKey
    type: str

    def verify(self, algorithm: str, signature: Reader, data: bytes) -> None:
        expect(algorithm, self.type)
        value = signature.string()
        signature.end()
        check(lambda: self.key.verify(_der(value), data, ec.ECDSA(ECDSA_DIGESTS[self.type])))


class SkEcdsa(NamedTuple):
    """A key in a hardware token, which signs over hashes, its flags and its counter.

    Signatures that a token made through a browser (webauthn) are of another algorithm, and refused.
    """

    key: ec.EllipticCurvePublicKey
    application: bytes

    def verify(self, algorithm: str, signature: Reader, data: bytes) -> None:
        expect(algorithm, _SK_TYPE)
        value = signature.string()
        signed = token_signed(self.application, signature, data)
        check(lambda: self.key.verify(_der(value), signed, ec.ECDSA(ECDSA_DIGESTS[_SK_CURVE])))


def load(key_type: str, fields: Reader) -> Ecdsa | SkEcdsa:
    """The rest of a public key blob; FormatError or ValueError if it is malformed."""
    if key_type == _SK_TYPE:
        return SkEcdsa(_point(_SK_CURVE, fields), read_application(fields))
    return Ecdsa(_point(key_type, fields), key_type)


def _point(curve: str, fields: Reader) -> ec.EllipticCurvePublicKey:
    name, point = fields.word(), fields.string()
    if f"ecdsa-sha2-{name}" != curve:
        raise FormatError(f"a key on {curve} that names the curve '{escape(name[:40])}'")
    # One form only, or the same key would have two names; OpenSSH refuses compressed points too.
    if point[:1] != b"\x04":
        raise FormatError(f"a key on {curve} whose point is not in the uncompressed form")
    return ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[curve], point)


def _der(value: bytes) -> bytes:
    pair = Reader(value)
    r, s = pair.mpint(), pair.mpint()
    pair.end()
    return encode_dss_signature(r, s)
