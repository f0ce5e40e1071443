"""What a public key of each kind can do: check one raw SSH signature.  Knows nothing of who owns the key."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from importlib import import_module
from typing import Final, Protocol, cast

from gitreg.core.text import escape
from gitreg.errors import FormatError
from gitreg.trust.wire import Reader


class KeyType(StrEnum):
    """The kinds of keys this program verifies, by the names SSH gives them."""

    ED25519 = "ssh-ed25519"
    ECDSA_P256 = "ecdsa-sha2-nistp256"
    ECDSA_P384 = "ecdsa-sha2-nistp384"
    ECDSA_P521 = "ecdsa-sha2-nistp521"
    RSA = "ssh-rsa"
    SK_ED25519 = "sk-ssh-ed25519@openssh.com"
    SK_ECDSA = "sk-ecdsa-sha2-nistp256@openssh.com"

    @property
    def is_hardware(self) -> bool:
        """Private halves of such keys never leave their token."""
        return self in _TOKENS


class VerifyingKey(Protocol):
    def verify(self, algorithm: str, signature: Reader, data: bytes) -> None:
        """Check `signature`, the raw signature after its algorithm's name.

        VerificationError if it is not this key's over `data`, FormatError if it is malformed.
        """


_TOKENS: Final = (KeyType.SK_ED25519, KeyType.SK_ECDSA)
_FAMILIES: Final = {
    KeyType.ED25519: "ed25519",
    KeyType.SK_ED25519: "ed25519",
    KeyType.SK_ECDSA: "ecdsa",
    KeyType.ECDSA_P256: "ecdsa",
    KeyType.ECDSA_P384: "ecdsa",
    KeyType.ECDSA_P521: "ecdsa",
    KeyType.RSA: "rsa",
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
    family = import_module(f"gitreg.trust.algorithms.{_FAMILIES[key_type]}")
    try:
        key = cast("VerifyingKey", family.load(key_type, fields))
    except ValueError as error:
        raise FormatError(f"a {key_type} key that is none: {escape(str(error))}") from error
    fields.end()
    return key_type, key
