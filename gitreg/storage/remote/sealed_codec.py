"""The codec of sealed stores: every object encrypted under a key of its own, and under a name that tells nothing.

A value is `GRS1`, the id of the data key (16 bytes), a nonce (12), the ciphertext, a tag (16).  Its key is derived from
the data key and the digest, so that nonces need to differ among uploads of one object only.  Format, data key and
digest are authenticated: a value is that object's or nobody's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gitreg.core.digest import Digest
from gitreg.core.key_id import KeyId
from gitreg.errors import GitregError
from gitreg.storage.layout import OBJECTS, SEALED_FORMAT_TEXT
from gitreg.storage.remote.sealing import cipher
from gitreg.storage.remote.sealing.ring import SealedError
from gitreg.storage.verified import CorruptObjectError

if TYPE_CHECKING:
    from gitreg.storage.remote.sealing.ring import DataKey, Seal

_MAGIC: Final = b"GRS1"
_HEADER_BYTES: Final = len(_MAGIC) + 16
_HIDDEN: Final = re.compile(r"[0-9a-f]{96}")  # of a digest's 32 bytes


class SealedCodec:
    """The codec of one store's seal."""

    layout = SEALED_FORMAT_TEXT
    overhead = _HEADER_BYTES + cipher.NONCE_BYTES + cipher.TAG_BYTES

    def __init__(self, seal: Seal, where: str) -> None:
        self._newest = seal.newest
        self._keys = {key.id: key for key in seal.ring.keys}
        self._closed = seal.ring.closed
        self._where = where
        self._names = cipher.NameCipher(seal.ring.root.secret)

    def key(self, digest: Digest) -> str:
        hidden = self._names.hide(bytes.fromhex(digest.hex)).hex()
        return f"{OBJECTS}/{hidden[:2]}/{hidden}"

    def digest(self, key: str) -> Digest | None:
        name = key.rpartition("/")[2]
        shown = self._names.show(bytes.fromhex(name)) if _HIDDEN.fullmatch(name) else None
        return None if shown is None else Digest.from_hex(shown.hex())

    def encode(self, digest: Digest, data: bytes | memoryview) -> bytes:
        newest = self._writing_key()
        header = _header(newest)
        return cipher.encrypt(_object_key(newest, digest), data, header + bytes.fromhex(digest.hex), header)

    def is_current(self, data: bytes) -> bool:
        return data.startswith(_header(self._writing_key()))

    def decode(self, digest: Digest, data: bytes) -> bytes:
        header = data[:_HEADER_BYTES]
        id_ = KeyId(header[len(_MAGIC) :].hex())
        if id_ in self._closed:
            raise SealedError(
                f"object {digest} is encrypted with the key {id_}, which is not for this identity",
                hint="an admin runs once more: gitreg remote recipients NAME --add YOURS",
            )
        key = self._keys.get(id_)
        plain = None
        if key is not None:
            context = header + bytes.fromhex(digest.hex)
            plain = cipher.decrypt(_object_key(key, digest), memoryview(data)[_HEADER_BYTES:], context)
        if plain is None or not header.startswith(_MAGIC):
            raise CorruptObjectError(digest, self._where)
        return plain

    def _writing_key(self) -> DataKey:
        if isinstance(self._newest, GitregError):
            raise self._newest
        return self._newest


def _header(key: DataKey) -> bytes:
    return _MAGIC + bytes.fromhex(key.id)


def _object_key(key: DataKey, digest: Digest) -> bytes:
    return cipher.derived(key.secret, b"gitreg object 1" + bytes.fromhex(digest.hex))
