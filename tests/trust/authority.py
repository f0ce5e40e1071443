"""A certificate authority that signs whatever it is told, also what ssh-keygen would not."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gitreg.trust.public_key import PublicKey
from gitreg.trust.sshsig import build_signature, parse_signature
from gitreg.trust.wire import Reader, pack_string, pack_uint32, pack_uint64

USER, HOST = 1, 2
FOREVER = 2**64 - 1


def pack_pairs(*pairs: tuple[bytes, bytes]) -> bytes:
    return b"".join(pack_string(name) + pack_string(value) for name, value in pairs)


def pack_list(*items: bytes) -> bytes:
    return b"".join(pack_string(item) for item in items)


@dataclass(frozen=True)
class Draft:
    """The fields of a certificate, in their order (PROTOCOL.certkeys)."""

    key: PublicKey
    nonce: bytes = bytes(32)
    serial: int = 7
    kind: int = USER
    key_id: bytes = b"id"
    names: bytes = pack_list(b"alice@example.com")
    valid_after: int = 0
    valid_before: int = FOREVER
    critical: bytes = b""
    extensions: bytes = pack_pairs((b"permit-pty", b""))
    reserved: bytes = b""
    tail: bytes = b""

    def signed_by(self, authority, *, signature: bytes | None = None, authority_blob: bytes | None = None) -> bytes:
        """The wire form; `authority` is a signer with `sign_raw` and `public_key`."""
        name = self.key.type.removesuffix("@openssh.com")
        body = (
            pack_string(f"{name}-cert-v01@openssh.com".encode())
            + pack_string(self.nonce)
            + self.key.blob[4 + len(self.key.type) :]
            + pack_uint64(self.serial)
            + pack_uint32(self.kind)
            + pack_string(self.key_id)
            + pack_string(self.names)
            + pack_uint64(self.valid_after)
            + pack_uint64(self.valid_before)
            + pack_string(self.critical)
            + pack_string(self.extensions)
            + pack_string(self.reserved)
            + pack_string(authority_blob or authority.public_key.blob)
        )
        return body + pack_string(signature or authority.sign_raw(body)) + self.tail

    def but(self, **changes: object) -> Draft:
        return replace(self, **changes)


class RawSigner:
    """A FileSigner or token, with a raw signature in reach."""

    def __init__(self, signer) -> None:
        self._signer = signer
        self.public_key = signer.public_key

    def sign_raw(self, data: bytes) -> bytes:
        raw = getattr(self._signer, "sign_raw", None) or self._signer._sign_raw
        return raw(data)


def present(signer, certificate: bytes, message: bytes, namespace: str = "git") -> bytes:
    """The blob of a signature by `signer`'s key that carries `certificate`, be it valid or not."""
    armored = build_signature(signer.public_key, RawSigner(signer).sign_raw, message, namespace)
    return with_key(armored, certificate)


def with_key(armored: str, wire: bytes) -> bytes:
    """A signature with another key in it; nothing in what is signed tells."""
    fields = Reader(parse_signature(armored).blob)
    head = fields.take(10)
    fields.string()
    return head + pack_string(wire) + b"".join(pack_string(fields.string()) for _ in range(4))
