"""The keys of a sealed store: made, wrapped for recipients, and opened again.  Whom to believe is decided elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gitreg.core.key_id import KeyId
from gitreg.core.store_key import KeyStatement
from gitreg.errors import StorageError
from gitreg.storage.remote.sealing import cipher
from gitreg.storage.remote.sealing.identity import Recipient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitreg.core.registry_id import RegistryId
    from gitreg.errors import GitregError
    from gitreg.storage.remote.sealing.identity import Identity

_ID_BYTES: Final = 16


class SealedError(StorageError):
    """A sealed store that this person, or nobody, can open as it is."""

    kind = "sealed"


@dataclass(frozen=True, slots=True)
class DataKey:
    """What objects are encrypted with; the id follows from the secret, so that nobody can give it another one."""

    id: KeyId
    secret: bytes = field(repr=False)

    @classmethod
    def new(cls) -> DataKey:
        return cls.of(cipher.new_secret())

    @classmethod
    def of(cls, secret: bytes) -> DataKey:
        return cls(KeyId(cipher.derived(secret, b"gitreg key id 1", _ID_BYTES).hex()), secret)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys, the store's first one among them, and the ids of those that the identity does not open."""

    root: DataKey
    keys: tuple[DataKey, ...]
    closed: frozenset[KeyId] = frozenset()

    def find(self, id_: KeyId) -> DataKey | None:
        return next((key for key in self.keys if key.id == id_), None)


@dataclass(frozen=True, slots=True)
class Seal:
    """All it takes to use a sealed store, as a value that can be sent to another machine.

    It writes with `newest`, which is the reason why not if nobody trusted vouches for a key, and reads with the whole
    ring: a key made up by others does no harm in reading, for every object must still hash to its name.
    """

    ring: KeyRing
    newest: DataKey | GitregError


def open_ring(statements: Sequence[KeyStatement], root: KeyId, identity: Identity) -> KeyRing:
    """What the identity opens.  Raises SealedError if the root is not there, or not for it."""
    opened = {key.id: key for statement in statements if (key := open_key(statement, identity)) is not None}
    ids = {statement.key for statement in statements}
    if root not in ids:
        raise SealedError(
            f"the store has no key {root}: it is another store than the registry means, or was tampered with",
            hint="check the remote's URL; restore the folder keys/ from the bucket's older versions",
        )
    if root not in opened:
        raise SealedError(
            f"the store is encrypted, and not for {identity.recipient().public}",
            hint="send what `gitreg identity` prints to an admin: gitreg remote recipients NAME --add IT",
        )
    return KeyRing(opened[root], tuple(opened.values()), frozenset(ids - set(opened)))


def close_key(
    key: DataKey, registry: RegistryId, root: KeyId, epoch: int, recipients: Sequence[Recipient]
) -> KeyStatement:
    """The key, for these recipients and nobody else."""
    context = _context(registry, root, key.id)
    shares = tuple(cipher.wrap(each.key, key.secret, context) for each in recipients)
    text = "".join(f"{each}\n" for each in recipients).encode()
    members = cipher.encrypt(_members_key(key), text, context)
    return KeyStatement(registry, root, key.id, epoch, shares, members)


def open_key(statement: KeyStatement, identity: Identity) -> DataKey | None:
    """The key, if one of the shares is the identity's."""
    context = _context(statement.registry, statement.root, statement.key)
    for share in statement.shares:
        secret = cipher.unwrap(identity.private, share, context)
        if secret is not None:
            key = DataKey.of(secret)
            return key if key.id == statement.key else None
    return None


def members_of(statement: KeyStatement, key: DataKey) -> tuple[Recipient, ...]:
    """For whom the key was closed.  Raises SealedError, or UsageError if a recipient wrote nonsense there."""
    text = cipher.decrypt(_members_key(key), statement.members, _context(statement.registry, statement.root, key.id))
    if text is None:
        raise SealedError(f"the record of the key {key.id} is damaged")
    return tuple(Recipient.parse(line) for line in text.decode("ascii", "replace").splitlines())


def _members_key(key: DataKey) -> bytes:
    return cipher.derived(key.secret, b"gitreg members 1")


def _context(registry: RegistryId, root: KeyId, key: KeyId) -> bytes:
    """A share opens for exactly this key of this store."""
    return f"{registry} {root} {key}".encode()
