"""Which keys and certificates no longer count, as `ssh-keygen -Y verify -r` reads it: a list of keys, or a KRL.

Whatever cannot be read in full is an error: half a list of revoked keys would let the other half sign.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from gitreg.errors import FormatError
from gitreg.trust.public_key import PublicKey

if TYPE_CHECKING:
    from gitreg.trust.certificate import Certificate

MAX_REVOKED: Final = 16 * 1024 * 1024
KRL_MAGIC: Final = b"SSHKRL\n\0"


class RevokedCertificates(NamedTuple):
    """Certificates of one authority, or of all: by key id, and by serial number, in sorted ranges with both ends."""

    authority: PublicKey | None
    key_ids: frozenset[bytes] = frozenset()
    serials: tuple[tuple[int, int], ...] = ()

    def include(self, certificate: Certificate) -> bool:
        if self.authority not in (None, certificate.authority):
            return False
        if certificate.key_id in self.key_ids:
            return True
        # zero is what an authority gives that numbers nothing, so OpenSSH lets no range include it
        at = bisect_right(self.serials, certificate.serial, key=lambda serials: serials[0]) - 1
        return certificate.serial > 0 and at >= 0 and certificate.serial <= self.serials[at][1]


class Revocations(NamedTuple):
    """A file of revoked keys, read.  Keys stand in it by their blob, or by a hash of it."""

    blobs: frozenset[bytes] = frozenset()
    sha1: frozenset[bytes] = frozenset()
    sha256: frozenset[bytes] = frozenset()
    certificates: tuple[RevokedCertificates, ...] = ()

    @classmethod
    def parse(cls, data: bytes) -> Revocations:
        """Read the file; FormatError if any of it is not understood: then nobody's signature may count."""
        if len(data) > MAX_REVOKED:
            raise FormatError(f"the list of revoked keys has {len(data)} bytes, the limit is {MAX_REVOKED}")
        if not data.startswith(KRL_MAGIC):
            return cls(frozenset(_parse_list(data)))
        # a binary format that few use, at the cost of all that read
        return cast("Revocations", import_module("gitreg.trust.krl").parse_krl(data))

    def revoked(self, key: PublicKey) -> bool:
        """Whether `key`, the certificate it came in, or that certificate's authority is revoked."""
        certificate = key.certificate
        if certificate is None:
            return self._names(key)
        listed = any(revoked.include(certificate) for revoked in self.certificates)
        return listed or self._names(key) or self._names(certificate.authority)

    def _names(self, key: PublicKey) -> bool:
        return (
            key.blob in self.blobs
            or (bool(self.sha256) and hashlib.sha256(key.blob).digest() in self.sha256)
            # not for security, but because the format has it: a second key with the same hash is only refused as well
            or (bool(self.sha1) and hashlib.sha1(key.blob, usedforsecurity=False).digest() in self.sha1)
        )


def _parse_list(data: bytes) -> list[bytes]:
    """Public keys line by line; a certificate there stands for the key in it, as in OpenSSH."""
    blobs = []
    for number, raw in enumerate(data.split(b"\n"), start=1):
        line = raw.strip(b" \t")
        if not line or line.startswith(b"#"):
            continue
        try:
            blobs.append(PublicKey.parse_wire(line.decode("latin-1")).blob)
        except FormatError as error:
            raise FormatError(f"the list of revoked keys cannot be read: line {number}: {error.message}") from None
    return blobs
