"""For whom a remote is encrypted: from the first key on, and as people come and go.  An admin of the policy signs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gitreg.core.key_id import KeyId
from gitreg.core.store_key import READING_ONLY, KeyRecord, KeyStatement
from gitreg.core.text import escape
from gitreg.errors import NotFoundError, RefusedError, UsageError
from gitreg.git.config import committer
from gitreg.operations.context import Context, utc_now
from gitreg.operations.policy.line import present_policy
from gitreg.operations.remotes import write_config
from gitreg.operations.sealing.identity import read_identity
from gitreg.operations.sealing.keys import StoreKeys, newest_key, store_keys
from gitreg.operations.sealing.seen import SeenKey, checked_root, remember, seen_key
from gitreg.operations.sign import open_signer
from gitreg.operations.stores import remote_driver
from gitreg.storage.remote.sealing.identity import Recipient
from gitreg.storage.remote.sealing.records import found_sealed_store, put_record
from gitreg.storage.remote.sealing.ring import DataKey, close_key, members_of
from gitreg.trust.store_key import sign_store_key


@dataclass(frozen=True, slots=True)
class RecipientEntry:
    """Who can open a remote; `name` is what they call themselves."""

    recipient: str
    name: str
    you: bool


@dataclass(frozen=True, slots=True)
class RecipientsResult:
    """`root` is the key that the store is known by; `epoch` rises with each new key for new objects."""

    remote: str
    root: KeyId
    epoch: int
    recipients: tuple[RecipientEntry, ...]


@dataclass(frozen=True, slots=True)
class RecipientsChange:
    """Who comes, who goes (by recipient or name), and whether new objects get a new key in any case."""

    add: tuple[Recipient, ...] = ()
    remove: tuple[str, ...] = ()
    rotate: bool = False


def encrypt_remote(context: Context, name: str, others: Sequence[Recipient]) -> RecipientsResult:
    """Make a sealed store at the remote, for oneself and others, and say so in config.toml (staged, to be committed).

    Raises RefusedError if there is a store already, VerificationError if the signer is no admin.
    """
    driver = remote_driver(context, name)
    if (root := checked_root(context, name)) is not None:
        hint = f"gitreg remote recipients {name} --add RECIPIENT"
        raise RefusedError(f"the remote '{name}' is encrypted already, with the root key {root}", hint=hint)
    recipients = _unique([_own(context), *others])
    key = DataKey.new()
    first = close_key(key, context.config.id, key.id, 1, recipients)
    found_sealed_store(driver, _Voucher(context).signed(first))
    write_config(context, context.config._replace(sealed={**context.config.sealed, name: key.id}))
    remember(context, name, SeenKey(key.id, first.epoch, key.id))
    return _result(context, name, first, recipients)


def list_recipients(context: Context, name: str) -> RecipientsResult:
    """For whom the remote's newest key is.  Raises RefusedError, SealedError."""
    keys = store_keys(context, remote_driver(context, name), _root(context, name))
    newest, key = newest_key(context, name, keys)
    return _result(context, name, newest, members_of(newest, key))


def change_recipients(context: Context, name: str, change: RecipientsChange) -> RecipientsResult:
    """Wrap all keys anew for those who are to have them; nothing is uploaded again.

    Who is removed keeps what they had, so that new objects get a new key.  Killed half-way, it can be run again.
    """
    #  1. whom a trusted admin named last; if nobody did, oneself: nobody else's word counts
    #  2. with those who come, without those who go
    #  3. a new key first, if new objects need one: from then on nothing is written for those who went
    #  4. all other keys, in place; those that nobody vouches for may be read with, and never written with again
    #  who is not in the newest key any more can still be removed as long as an older one is for them: after 3
    driver, root = remote_driver(context, name), _root(context, name)
    keys, voucher = store_keys(context, driver, root), _Voucher(context)
    recipients = _without(_unique([*_members(context, name, keys), *change.add]), change.remove, _former(keys))
    newest = keys.newest
    if newest is None or change.rotate or change.remove:
        newest = close_key(DataKey.new(), context.config.id, root, _next_epoch(context, name, keys), recipients)
        put_record(driver, voucher.signed(newest))
        remember(context, name, SeenKey(root, newest.epoch, newest.key))
    vouched = {statement.key: statement.epoch for statement in keys.vouched}
    for key in keys.ring.keys:
        epoch = vouched.get(key.id, READING_ONLY)
        put_record(driver, voucher.signed(close_key(key, context.config.id, root, epoch, recipients)))
    return _result(context, name, newest, recipients)


class _Voucher:
    """The person's signature under records of keys."""

    def __init__(self, context: Context) -> None:
        state = present_policy(context).in_force
        self._policy, self._signers = state.parsed(), state.allowed_signers()
        self._signer = open_signer(context)

    def signed(self, statement: KeyStatement) -> KeyRecord:
        """Raises VerificationError if the person may not, SigningError."""
        return sign_store_key(statement, self._signer, self._policy, self._signers, utc_now())


def _root(context: Context, name: str) -> KeyId:
    root = checked_root(context, name)
    if root is None:
        raise RefusedError(f"the remote '{name}' is not encrypted", hint="a new one can be: gitreg remote encrypt NAME")
    return root


def _members(context: Context, name: str, keys: StoreKeys) -> tuple[Recipient, ...]:
    if keys.newest is None:
        return (_own(context),)
    return members_of(*newest_key(context, name, keys))


def _former(keys: StoreKeys) -> tuple[Recipient, ...]:
    """For whom the older keys are, as long as their records have not been wrapped anew."""
    opened = ((statement, keys.ring.find(statement.key)) for statement in keys.vouched)
    return tuple(each for statement, key in opened if key is not None for each in members_of(statement, key))


def _next_epoch(context: Context, name: str, keys: StoreKeys) -> int:
    seen = seen_key(context, name)
    return 1 + max(seen.epoch if seen else 0, *(statement.epoch for statement in keys.statements))


def _own(context: Context) -> Recipient:
    return read_identity(context).recipient(committer(context.repo).email)


def _unique(recipients: Iterable[Recipient]) -> tuple[Recipient, ...]:
    """Each key once, with the name it had first."""
    found: dict[bytes, Recipient] = {}
    for recipient in recipients:
        found.setdefault(recipient.key, recipient)
    return tuple(found.values())


def _without(
    recipients: tuple[Recipient, ...], leaving: Sequence[str], former: tuple[Recipient, ...]
) -> tuple[Recipient, ...]:
    for who in leaving:
        if not any(_is_meant(each, who) for each in (*recipients, *former)):
            known = ", ".join(each.name or each.public for each in recipients)
            raise NotFoundError(f"no recipient '{escape(who)}'", hint=f"recipients: {known}")
    left = tuple(each for each in recipients if not any(_is_meant(each, who) for who in leaving))
    if not left:
        raise UsageError("nobody would be left who can open the store", hint="add somebody first")
    return left


def _is_meant(recipient: Recipient, who: str) -> bool:
    return who in (str(recipient), recipient.public, recipient.name)


def _result(context: Context, name: str, newest: KeyStatement, recipients: Sequence[Recipient]) -> RecipientsResult:
    mine = read_identity(context).recipient().key
    entries = tuple(RecipientEntry(each.public, each.name, each.key == mine) for each in recipients)
    return RecipientsResult(name, newest.root, newest.epoch, entries)
