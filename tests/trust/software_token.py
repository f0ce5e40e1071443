"""What a FIDO token computes (OpenSSH's PROTOCOL.u2f), without the token."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gitreg.trust.public_key import PublicKey
from gitreg.trust.sshsig import build_signature
from gitreg.trust.wire import pack_mpint, pack_string, pack_uint32

APPLICATION = b"ssh:"
TOUCHED = 0x01
PIN_GIVEN = 0x04


class Ed25519Core:
    name = b"sk-ssh-ed25519@openssh.com"

    def __init__(self) -> None:
        self._private = Ed25519PrivateKey.generate()
        self.public = pack_string(self._private.public_key().public_bytes_raw())

    def sign(self, data: bytes) -> bytes:
        return self._private.sign(data)


class EcdsaCore:
    name = b"sk-ecdsa-sha2-nistp256@openssh.com"

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        point = self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.public = pack_string(b"nistp256") + pack_string(point)

    def sign(self, data: bytes) -> bytes:
        r, s = decode_dss_signature(self._private.sign(data, ec.ECDSA(hashes.SHA256())))
        return pack_mpint(r) + pack_mpint(s)


class SoftwareToken:
    """Signs with the flags it was made with, whatever a person did."""

    def __init__(self, core: Ed25519Core | EcdsaCore, flags: int = TOUCHED, application: bytes = APPLICATION) -> None:
        self.flags = flags
        self._core = core
        self.blob = pack_string(core.name) + core.public + pack_string(application)
        self.public_key = PublicKey.from_blob(self.blob)

    def sign(self, message: bytes, namespace: str) -> str:
        return build_signature(self.public_key, self.sign_raw, message, namespace)

    def sign_raw(self, data: bytes) -> bytes:
        state = bytes([self.flags]) + pack_uint32(7)
        signed = hashlib.sha256(APPLICATION).digest() + state + hashlib.sha256(data).digest()
        return pack_string(self._core.name) + pack_string(self._core.sign(signed)) + state
