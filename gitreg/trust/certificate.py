"""OpenSSH's user certificates (PROTOCOL.certkeys): a key, the names an authority gives it, and until when.

Knows nothing of which authorities count: that is allowed_signers' part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

from gitreg.core.text import escape
from gitreg.errors import FormatError, VerificationError
from gitreg.trust.public_key import CERTIFICATE_SUFFIX, PublicKey
from gitreg.trust.verifying_key import KeyType
from gitreg.trust.wire import Reader, pack_string

_USER: Final = 1
_USER_VERIFIED: Final = 0x04
_VERIFY_REQUIRED: Final = b"verify-required"
_MAX_PRINCIPALS: Final = 256  # as in OpenSSH

# By the names of certificates: the key in them, and how many fields it takes between the nonce and the serial number.
_KINDS: Final = {
    f"{key_type.removesuffix('@openssh.com')}{CERTIFICATE_SUFFIX}": (key_type, count)
    for key_type, count in {
        KeyType.ED25519: 1,
        KeyType.SK_ED25519: 2,
        KeyType.RSA: 2,
        KeyType.ECDSA_P256: 2,
        KeyType.ECDSA_P384: 2,
        KeyType.ECDSA_P521: 2,
        KeyType.SK_ECDSA: 3,
    }.items()
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """What `authority` signed about a key.  Times are seconds since 1970; `valid_before` is the first one too late."""

    blob: bytes = field(repr=False)
    authority: PublicKey
    serial: int
    key_id: bytes
    names: tuple[str, ...]
    valid_after: int
    valid_before: int
    is_verify_required: bool

    def is_valid_at(self, at: datetime) -> bool:
        """Whether the (aware) time `at` is in the certificate's own window."""
        return self.valid_after <= int(at.timestamp()) < self.valid_before

    def check_use(self, raw_signature: bytes) -> None:
        """VerificationError if a raw signature, good in itself, is not made as the authority demands."""
        if not self.is_verify_required:
            return
        fields = Reader(raw_signature)
        _algorithm, _value = fields.string(), fields.string()
        if fields.at_end() or not fields.byte() & _USER_VERIFIED:
            raise VerificationError("the certificate asks for a security key with its PIN given, which this was not")


@lru_cache(maxsize=1024)
def load_certified_key(blob: bytes) -> PublicKey:
    """The key in a certificate's wire form; FormatError unless it is a user certificate that its authority signed.

    Remembered, because each signature repeats its certificate.
    """
    fields = Reader(blob)
    subject = _read_subject(fields)
    serial, kind, key_id = fields.uint64(), fields.uint32(), fields.c_string()
    if kind != _USER:
        raise FormatError("a certificate that is not for a user")
    names = _read_names(fields.string())
    valid_after, valid_before = fields.uint64(), fields.uint64()
    is_verify_required = _read_critical(fields.string())
    # extensions only ever loosen what a login may do
    _ = list(_read_pairs(fields.string()))
    if fields.string():
        raise FormatError("a certificate with content in its reserved field")
    authority = PublicKey.from_blob(fields.string())
    signature = fields.string()
    fields.end()
    _check_signed(authority, signature, blob)
    certificate = Certificate(blob, authority, serial, key_id, names, valid_after, valid_before, is_verify_required)
    return subject._replace(certificate=certificate)


def _read_subject(fields: Reader) -> PublicKey:
    name = fields.word()
    if name not in _KINDS:
        raise FormatError(f"certificates of type '{escape(name[:60])}' are not supported")
    key_type, count = _KINDS[name]
    fields.string()  # the nonce, which keeps authorities from signing what an attacker could foresee
    parts = [key_type.encode(), *(fields.string() for _ in range(count))]
    return PublicKey.from_blob(b"".join(pack_string(part) for part in parts))


def _read_names(data: bytes) -> tuple[str, ...]:
    """At least one: a certificate without names would speak for everybody."""
    fields, names = Reader(data), list[str]()
    while not fields.at_end():
        # byte by byte, as OpenSSH matches patterns; a name beyond ASCII is nobody's here anyway
        names.append(fields.c_string().decode("latin-1"))
    if not 1 <= len(names) <= _MAX_PRINCIPALS:
        raise FormatError(f"a certificate with {len(names)} names; 1 to {_MAX_PRINCIPALS} are accepted")
    return tuple(names)


def _read_critical(data: bytes) -> bool:
    """Whether the one option that is known is there.

    All others restrict what may be done with the key, so to look away from one would be to allow more than was meant.
    """
    options = list(_read_pairs(data))
    for name, value in options:
        if name != _VERIFY_REQUIRED or value:
            raise FormatError(f"a certificate with the restriction '{escape(name[:40].decode('latin-1'))}'")
    return bool(options)


def _read_pairs(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Options, each once and in the order of their names, as the format demands."""
    fields, last = Reader(data), None
    while not fields.at_end():
        name, value = fields.string(), fields.string()
        if last is not None and name <= last:
            raise FormatError("a certificate whose options are out of order or repeated")
        last = name
        yield name, value


def _check_signed(authority: PublicKey, signature: bytes, blob: bytes) -> None:
    try:
        authority.verify(signature, blob[: -len(pack_string(signature))])
    except VerificationError as error:
        shown = f"a certificate that its authority {authority.fingerprint} did not sign"
        raise FormatError(f"{shown}: {error.message}") from None
