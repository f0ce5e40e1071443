"""The cryptography of sealed stores, all of it: bytes in, bytes out.  Knows no formats, and whom to trust even less.

AES-256-GCM for values, AES-SIV (RFC 5297) for names, and X25519, HKDF-SHA256 and AES-256-GCM to hand over a key, as
HPKE's base mode (RFC 9180) composes them.
"""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

PrivateKey = X25519PrivateKey

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
PUBLIC_BYTES: Final = 32
_NAME_KEY_BYTES: Final = 64
_SHARE_PURPOSE: Final = b"gitreg share 1"
# A key that is used once needs no other nonce.
_ONLY_NONCE: Final = bytes(NONCE_BYTES)


def new_secret() -> bytes:
    return os.urandom(KEY_BYTES)


def derived(secret: bytes, purpose: bytes, length: int = KEY_BYTES) -> bytes:
    """A key for one purpose from a secret that is uniformly random."""
    return HKDFExpand(SHA256(), length, purpose).derive(secret)


def encrypt(key: bytes, data: bytes | memoryview, context: bytes, header: bytes = b"") -> bytes:
    """The header, a nonce, the ciphertext and its tag; the context is authenticated with it."""
    nonce = os.urandom(NONCE_BYTES)
    return b"".join((header, nonce, AESGCM(key).encrypt(nonce, data, context)))


def decrypt(key: bytes, data: bytes | memoryview, context: bytes) -> bytes | None:
    """The inverse of `encrypt` without a header, or None if the data, the key or the context is not what it was."""
    if len(data) < NONCE_BYTES + TAG_BYTES:
        return None
    try:
        return AESGCM(key).decrypt(bytes(data[:NONCE_BYTES]), data[NONCE_BYTES:], context)
    except InvalidTag:
        return None


class NameCipher:
    """Names to names and back; the same name always becomes the same one, which is what finding it again takes."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESSIV(derived(secret, b"gitreg names 1", _NAME_KEY_BYTES))

    def hide(self, name: bytes) -> bytes:
        """16 bytes longer than the name; the first ones look random."""
        return self._cipher.encrypt(name, None)

    def show(self, hidden: bytes) -> bytes | None:
        """None for what this key has not hidden."""
        try:
            return self._cipher.decrypt(hidden, None)
        except (InvalidTag, ValueError):
            return None


def wrap(recipient: bytes, secret: bytes, context: bytes) -> bytes:
    """A share of `secret`, which the recipient's private key alone opens.  ValueError for a key that is none."""
    ephemeral = X25519PrivateKey.generate()
    mine = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient))
    key = _share_key(shared, mine, recipient)
    return mine + AESGCM(key).encrypt(_ONLY_NONCE, secret, context)


def unwrap(private: PrivateKey, share: bytes, context: bytes) -> bytes | None:
    """The secret, or None if the share is not for this key, or for something else."""
    theirs = share[:PUBLIC_BYTES]
    try:
        shared = private.exchange(X25519PublicKey.from_public_bytes(theirs))
        key = _share_key(shared, theirs, private.public_key().public_bytes_raw())
        return AESGCM(key).decrypt(_ONLY_NONCE, share[PUBLIC_BYTES:], context)
    except (InvalidTag, ValueError):
        return None


def _share_key(shared: bytes, ephemeral: bytes, recipient: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, ephemeral + recipient, _SHARE_PURPOSE).derive(shared)


def new_private() -> PrivateKey:
    return X25519PrivateKey.generate()


def private_pem(private: PrivateKey) -> bytes:
    """As `openssl genpkey -algorithm X25519` writes it."""
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def read_private_pem(data: bytes) -> PrivateKey | None:
    """None for anything but an X25519 key without a passphrase."""
    try:
        key = load_pem_private_key(data, password=None)
    except (ValueError, TypeError):
        return None
    return key if isinstance(key, X25519PrivateKey) else None
