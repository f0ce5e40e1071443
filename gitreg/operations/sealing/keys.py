"""The keys of a sealed remote as this person finds them: what opens, and which ones an admin vouches for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from gitreg.core.key_id import KeyId
from gitreg.core.store_key import READING_ONLY, KeyRecord, KeyStatement
from gitreg.errors import GitregError, RefusedError
from gitreg.operations.context import Context, utc_now
from gitreg.operations.policy.line import present_policy
from gitreg.operations.sealing.identity import read_identity
from gitreg.operations.sealing.seen import SeenKey, remember, seen_key
from gitreg.storage.remote.driver import Driver
from gitreg.storage.remote.sealing.records import read_records
from gitreg.storage.remote.sealing.ring import DataKey, KeyRing, Seal, SealedError, open_ring
from gitreg.trust.store_key import check_store_key


class Newest(NamedTuple):
    """What new objects are encrypted with, and what an admin said about it."""

    statement: KeyStatement
    key: DataKey


@dataclass(frozen=True, slots=True)
class StoreKeys:
    """`vouched` are the records that an admin's signature counts for, in the order of their epochs."""

    ring: KeyRing
    statements: tuple[KeyStatement, ...]
    vouched: tuple[KeyStatement, ...]

    @property
    def newest(self) -> KeyStatement | None:
        """The last key that an admin gave for new objects."""
        last = self.vouched[-1] if self.vouched else None
        return None if last is None or last.epoch == READING_ONLY else last


def store_keys(context: Context, driver: Driver, root: KeyId) -> StoreKeys:
    """What lies in the store.  Raises SealedError if the person's identity does not open it."""
    records = read_records(driver, root)
    ring = open_ring([record.statement for record in records], root, read_identity(context))
    vouched = _vouched(context, records)
    return StoreKeys(ring, tuple(record.statement for record in records), vouched)


def remote_seal(context: Context, name: str, driver: Driver, root: KeyId) -> Seal:
    """How to use the remote.  Raises SealedError."""
    keys = store_keys(context, driver, root)
    try:
        return Seal(keys.ring, newest_key(context, name, keys).key)
    except GitregError as refusal:  # reading does not depend on it
        return Seal(keys.ring, refusal)


def newest_key(context: Context, name: str, keys: StoreKeys) -> Newest:
    """What to encrypt with.  Raises RefusedError if nobody vouches for it, or it went back; SealedError."""
    statement, seen = keys.newest, seen_key(context, name)
    if statement is None:
        raise RefusedError(
            f"no admin vouches for the keys of the remote '{name}', so nothing is written to it",
            hint=f"an admin of the policy runs: gitreg remote recipients {name} --rotate",
        )
    found = SeenKey(keys.ring.root.id, statement.epoch, statement.key)
    if seen is not None and found.rank < seen.rank:
        raise RefusedError(
            f"the keys of the remote '{name}' went back: from epoch {seen.epoch}, seen here, to {statement.epoch}"
            + (" with an older key" if statement.epoch == seen.epoch else ""),
            hint=f"restore keys/ in the store; to go on without what is gone: gitreg remote trust {name}",
        )
    key = keys.ring.find(statement.key)
    if key is None:
        raise SealedError(
            f"the newest key of the remote '{name}' is not for your identity",
            hint=f"send what `gitreg identity` prints to an admin: gitreg remote recipients {name} --add IT",
        )
    if found != seen:
        remember(context, name, found)
    return Newest(statement, key)


def _vouched(context: Context, records: tuple[KeyRecord, ...]) -> tuple[KeyStatement, ...]:
    state = present_policy(context).in_force
    policy, signers, now = state.parsed(), state.allowed_signers(), utc_now()
    found = []
    for record in records:
        try:
            check_store_key(record, context.config.id, policy, signers, now)
        except GitregError:
            continue
        found.append(record.statement)
    return tuple(sorted(found, key=lambda statement: (statement.epoch, statement.key)))
