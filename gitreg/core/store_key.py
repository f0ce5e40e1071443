"""Records of the keys of a sealed store: which key, for which store, and its shares, which only recipients can open.

gitreg-store-key 1
registry 6c0e...          one line per fact, in this order
root 9f86...              the store's first key, by which the store is known
key 4355...               this key's own id
epoch 2                   the highest one is for new objects; 0: for reading only
share BASE64              the key, wrapped for one recipient; one line each
members BASE64            who the recipients are, sealed with the key: no business of the store's owner
-----BEGIN SSH SIGNATURE-----
...
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final, NamedTuple

from gitreg.core.key_id import KeyId
from gitreg.core.registry_id import RegistryId
from gitreg.errors import FormatError

STORE_KEY_NAMESPACE: Final = "gitreg-store-keys"
MAX_RECORD_BYTES: Final = 1 << 20
MAX_EPOCH: Final = 10**9
READING_ONLY: Final = 0
_BASE64: Final = r"[A-Za-z0-9+/]+={0,2}"
_RECORD: Final = re.compile(
    r"gitreg-store-key 1\nregistry ([0-9a-f-]+)\nroot ([0-9a-f]+)\nkey ([0-9a-f]+)\nepoch (0|[1-9][0-9]{0,9})\n"
    rf"((?:share {_BASE64}\n)+)members ({_BASE64})\n(-----BEGIN SSH SIGNATURE-----\n.*)",
    re.DOTALL,
)


class KeyStatement(NamedTuple):
    """What an admin signs about a key."""

    registry: RegistryId
    root: KeyId
    key: KeyId
    epoch: int
    shares: tuple[bytes, ...]
    members: bytes

    def canonical(self) -> bytes:
        """The bytes to sign."""
        lines = [
            "gitreg-store-key 1",
            f"registry {self.registry}",
            f"root {self.root}",
            f"key {self.key}",
            f"epoch {self.epoch}",
            *(f"share {_encoded(share)}" for share in self.shares),
            f"members {_encoded(self.members)}",
        ]
        return ("\n".join(lines) + "\n").encode()


class KeyRecord(NamedTuple):
    """A statement with a signature that nobody has checked yet."""

    statement: KeyStatement
    signature: str


def format_record(record: KeyRecord) -> bytes:
    """Spell a record; `parse_record` is its inverse."""
    return record.statement.canonical() + record.signature.encode()


def parse_record(data: bytes) -> KeyRecord:
    """Parse a record.  Raises FormatError."""
    match = _RECORD.fullmatch(data.decode()) if len(data) <= MAX_RECORD_BYTES and data.isascii() else None
    if match is None or int(match[4]) > MAX_EPOCH:
        raise FormatError("not a record of a store's key", hint="a newer gitreg may have written it")
    registry, root, key, epoch, shares, members, signature = match.groups()
    statement = KeyStatement(
        registry=RegistryId.parse(registry),
        root=KeyId.parse(root),
        key=KeyId.parse(key),
        epoch=int(epoch),
        shares=tuple(_decoded(line.removeprefix("share ")) for line in shares.splitlines()),
        members=_decoded(members),
    )
    return KeyRecord(statement, signature)


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decoded(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        data = b""
    if _encoded(data) != text:  # also for stray bits: one record, one spelling
        raise FormatError("not canonical base64 in the record of a store's key")
    return data
