"""Signing with a private key file in this process; asks for a passphrase only when a signature is due."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from gitreg.core.text import escape
from gitreg.errors import SigningError
from gitreg.trust.algorithms.ecdsa import ECDSA_DIGESTS
from gitreg.trust.private_key import KeyFile, PrivateKey, WrongPassphraseError
from gitreg.trust.public_key import PublicKey
from gitreg.trust.sshsig import build_signature
from gitreg.trust.wire import pack_mpint, pack_string

_ATTEMPTS: Final = 3

# Shows a prompt and returns what was typed; None if there is nobody to ask.
Ask = Callable[[str], str | None]


class FileSigner:
    """`ask` is called at most three times, and once opened the key stays open for further signatures."""

    def __init__(self, file: KeyFile, ask: Ask) -> None:
        self._file = file
        self._ask = ask

    @property
    def public_key(self) -> PublicKey:
        return self._file.public_key

    def sign(self, message: bytes, namespace: str) -> str:
        return build_signature(self.public_key, self._sign_raw, message, namespace)

    def _sign_raw(self, data: bytes) -> bytes:
        algorithm, value = _sign(self._private_key, self.public_key, data)
        return pack_string(algorithm.encode()) + pack_string(value)

    @cached_property
    def _private_key(self) -> PrivateKey:
        if not self._file.is_encrypted:
            return self._file.open(None)
        shown = escape(str(self._file.path))
        for _ in range(_ATTEMPTS):
            passphrase = self._ask(f"Passphrase for {shown}")
            if passphrase is None:
                break
            try:
                return self._file.open(passphrase)
            except WrongPassphraseError:
                continue
        raise SigningError(
            f"no passphrase was given that opens the key {shown}",
            hint=f"put it into the agent (ssh-add {shown}) or set GITREG_KEY_PASSPHRASE",
        )


def _sign(key: PrivateKey, public_key: PublicKey, data: bytes) -> tuple[str, bytes]:
    match key:
        case Ed25519PrivateKey():
            return public_key.type, key.sign(data)
        case RSAPrivateKey():
            return "rsa-sha2-512", key.sign(data, PKCS1v15(), hashes.SHA512())
        case ec.EllipticCurvePrivateKey():
            r, s = decode_dss_signature(key.sign(data, ec.ECDSA(ECDSA_DIGESTS[public_key.type])))
            return public_key.type, pack_mpint(r) + pack_mpint(s)
