"""SSHSIG, OpenSSH's signature format (PROTOCOL.sshsig): made, read strictly, verified.

Never accepts what `ssh-keygen -Y verify` refuses.  Knows nothing of who may sign what.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from gitreg.core.text import escape
from gitreg.errors import FormatError, SigningError, VerificationError
from gitreg.trust.public_key import PublicKey, decode_base64
from gitreg.trust.signer import Signer
from gitreg.trust.wire import Reader, pack_string, pack_uint32

BEGIN: Final = "-----BEGIN SSH SIGNATURE-----"
END: Final = "-----END SSH SIGNATURE-----"

_MAGIC: Final = b"SSHSIG"
_VERSION: Final = 1
_COLUMNS: Final = 70
# The largest key and its largest signature are below 5 KiB; armor adds a third.
_MAX_ARMORED: Final = 16 * 1024
# The end of the text is part of the form: what follows a signature was signed by nobody.
_ARMOR: Final = re.compile(rf"{BEGIN}\n((?:[A-Za-z0-9+/=]+\n)+){END}\n?")


class HashAlgorithm(StrEnum):
    SHA256 = "sha256"
    SHA512 = "sha512"


class SshSignature(NamedTuple):
    """A well-formed signature, not yet verified.  Its bytes are malleable: never an identity."""

    public_key: PublicKey
    namespace: str
    hash: HashAlgorithm
    raw: bytes

    @property
    def blob(self) -> bytes:
        """The binary form, which `parse_blob` reads back."""
        return (
            _MAGIC
            + pack_uint32(_VERSION)
            + pack_string(self.public_key.wire)
            + pack_string(self.namespace.encode())
            + pack_string(b"")
            + pack_string(self.hash.encode())
            + pack_string(self.raw)
        )

    @property
    def armored(self) -> str:
        """The text form, byte for byte as ssh-keygen writes it."""
        text = base64.b64encode(self.blob).decode()
        lines = [text[at : at + _COLUMNS] for at in range(0, len(text), _COLUMNS)]
        return "\n".join([BEGIN, *lines, END, ""])


def sign(signer: Signer, message: bytes, namespace: str) -> str:
    """Have `signer` sign `message`, and let nothing out that would not verify."""
    armored = signer.sign(message, namespace)
    try:
        key = verify(parse_signature(armored), message, namespace)
    except (FormatError, VerificationError) as error:
        raise SigningError(f"the signature just made is not valid: {error.message}") from error
    if key.wire != signer.public_key.wire:
        raise SigningError(f"another key signed than was asked to: {key} instead of {signer.public_key}")
    return armored


def build_signature(public_key: PublicKey, sign_raw: Callable[[bytes], bytes], message: bytes, namespace: str) -> str:
    """Armored SSHSIG by whatever can make raw SSH signatures with `public_key`."""
    raw = sign_raw(_signed_data(message, namespace, HashAlgorithm.SHA512))
    return SshSignature(public_key, namespace, HashAlgorithm.SHA512, raw).armored


def parse_signature(armored: str) -> SshSignature:
    """Read the armored form; FormatError unless it is exactly one signature and nothing else."""
    if len(armored) > _MAX_ARMORED:
        raise FormatError("an SSH signature too long to be one")
    form = _ARMOR.fullmatch(armored)
    if form is None:
        raise FormatError("not an armored SSH signature, or text around it")
    return parse_blob(decode_base64(form[1].replace("\n", "")))


def parse_blob(blob: bytes) -> SshSignature:
    """Read the binary form; FormatError for other versions, reserved content, trailing bytes."""
    fields = Reader(blob)
    if fields.take(len(_MAGIC)) != _MAGIC:
        raise FormatError("not an SSH signature")
    version = fields.uint32()
    if version != _VERSION:
        raise FormatError(f"an SSH signature of version {version}; this program knows {_VERSION}")
    key = _key_of(fields.string())
    namespace = fields.word()
    # OpenSSH ignores this field; a later version may give it a meaning that must not be missed.
    if fields.string():
        raise FormatError("an SSH signature with content in its reserved field")
    algorithm = _hash_algorithm(fields.word())
    raw = fields.string()
    fields.end()
    return SshSignature(key, namespace, algorithm, raw)


@lru_cache(maxsize=1024)
def _key_of(wire: bytes) -> PublicKey:
    """Remembered, because a registry has thousands of signatures by a handful of keys."""
    return PublicKey.from_wire(wire)


def verify(signature: SshSignature, message: bytes, namespace: str) -> PublicKey:
    """The key that signed exactly `message` for `namespace`; VerificationError if none did."""
    if not namespace or signature.namespace != namespace:
        raise VerificationError(
            f"signed for another purpose: '{escape(signature.namespace[:60])}' instead of '{namespace}'"
        )
    try:
        signature.public_key.verify(signature.raw, _signed_data(message, namespace, signature.hash))
    except FormatError as error:
        raise VerificationError(f"the signature is malformed: {error.message}") from error
    return signature.public_key


def _signed_data(message: bytes, namespace: str, algorithm: HashAlgorithm) -> bytes:
    return _signed_head(namespace, algorithm) + pack_string(hashlib.new(algorithm, message).digest())


@lru_cache
def _signed_head(namespace: str, algorithm: HashAlgorithm) -> bytes:
    return _MAGIC + pack_string(namespace.encode()) + pack_string(b"") + pack_string(algorithm.encode())


def _hash_algorithm(name: str) -> HashAlgorithm:
    try:
        return HashAlgorithm(name)
    except ValueError:
        raise FormatError(f"an SSH signature over an unknown hash: '{escape(name[:40])}'") from None
