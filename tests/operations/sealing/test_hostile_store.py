"""Whoever holds the bucket: what they change is refused, and nothing new is ever written for them to read."""

from __future__ import annotations

import random

import pytest

from gitreg.core.digest import Digest
from gitreg.core.store_key import KeyRecord, format_record, parse_record
from gitreg.errors import GitregError, NotFoundError, RefusedError, StorageError
from gitreg.operations.fsck import FsckRequest
from gitreg.operations.recipients import RecipientsChange, change_recipients, encrypt_remote, list_recipients
from gitreg.operations.remotes import trust
from gitreg.operations.sign import open_signer
from gitreg.operations.stores import remote_store
from gitreg.storage.remote.sealing.ring import DataKey, SealedError, close_key
from gitreg.trust.sshsig import sign

WEIGHTS = random.Random(12).randbytes(100_000)


def refused_push(vault, message: str, where: str = "work") -> GitregError:
    """Nothing goes up, and the reason is given."""
    registry = vault.open(where)
    vault.world.train(registry, WEIGHTS)
    before = vault.under("objects")
    with pytest.raises(GitregError, match=message) as refused:
        registry.push()
    assert vault.under("objects") == before
    return refused.value


def test_a_plain_store_in_its_place_gets_nothing(vault):
    """They would have everything from then on in the clear."""
    vault.remove(*vault.contents())
    vault.put("team/models/format", b"gitreg-store 1\n")
    refused_push(vault, "has no key")
    vault.world.sh("git", "push", "-q", "origin", "main")
    vault.clone("fresh", "ada")
    refused_push(vault, "has no key", "fresh")


def test_a_plain_format_file_beside_the_keys_gets_nothing(vault):
    vault.put("team/models/format", b"gitreg-store 1\n")
    refused_push(vault, "is not encrypted, and for this registry it is")


def test_a_config_that_does_not_say_so_any_more_is_refused(vault):
    """Whoever can push a commit, and holds the bucket, would do the same."""
    config = vault.open().root / ".gitreg" / "config.toml"
    config.write_text(config.read_text().partition("\n[sealed]")[0])
    error = refused_push(vault, "is now not encrypted any more")
    assert error.hint == "if that is right: gitreg remote trust vault"
    accepted = trust(vault.open().context, "vault")
    assert (accepted.encrypted, accepted.decrypted) == (False, True)
    with pytest.raises(RefusedError, match="is encrypted, and for this registry it is not"):
        vault.open().push()


def test_accepting_a_url_accepts_nothing_about_encryption(vault):
    """Whoever moves the store in a commit would take `[sealed]` out in the same one, and get all in the clear."""
    config = vault.open().root / ".gitreg" / "config.toml"
    root = vault.open().context.config.sealed["vault"]
    config.write_text(config.read_text().replace("/team/", "/else/").partition("\n[sealed]")[0])
    refused_push(vault, "was s3://.* and is now")
    accepted = trust(vault.open().context, "vault")
    assert (accepted.encrypted, accepted.root, accepted.decrypted) == (True, root, False)
    refused_push(vault, "is now not encrypted any more")
    assert trust(vault.open().context, "vault").decrypted


def test_trusting_a_name_that_is_no_remote_changes_nothing(vault):
    """A remote that a bad commit takes out of the config would lose its pin, and come back in the clear."""
    config = vault.open().root / ".gitreg" / "config.toml"
    text = config.read_text()
    config.write_text(text.replace("vault", "other"))
    with pytest.raises(NotFoundError, match="no remote 'vault'"):
        trust(vault.open().context, "vault")
    config.write_text(text.partition("\n[sealed]")[0])
    refused_push(vault, "is now not encrypted any more")


def made_up(vault, epoch: int, signature: str | None = None) -> KeyRecord:
    """A key that the bucket's owner knows, for the right people, signed by somebody or with a signature of before."""
    old = parse_record(next(iter(vault.under("keys").values())))
    people = [vault.recipient("ada"), vault.recipient("bob")]
    statement = close_key(DataKey.new(), old.statement.registry, old.statement.root, epoch, people)
    if signature is None:
        signer = open_signer(vault.open(who="mallory").context)
        signature = sign(signer, statement.canonical(), "gitreg-store-keys")
    return KeyRecord(statement, signature)


def test_a_made_up_key_is_never_written_with(vault):
    """They would read all that is uploaded with it."""
    old = parse_record(next(iter(vault.under("keys").values())))
    for record in (made_up(vault, 2), made_up(vault, 10**9), made_up(vault, 3, old.signature)):
        vault.put(f"team/models/keys/{record.statement.key}", format_record(record))
        vault.publish(WEIGHTS + record.statement.key.encode())
        used = {value[4:20].hex() for value in vault.under("objects").values()}
        assert used == {str(old.statement.key)}


def test_a_made_up_key_stays_unused_when_an_admin_wraps_all_keys_anew(vault):
    """The admin's signature would make it the newest."""
    record = made_up(vault, 10**6)
    vault.put(f"team/models/keys/{record.statement.key}", format_record(record))
    for change in ({"add": (vault.recipient("carol"),)}, {"rotate": True}):
        vault.change(**change)
        vault.publish(WEIGHTS + repr(change).encode())
        used = {value[4:20].hex() for value in vault.under("objects").values()}
        assert record.statement.key not in used


def test_with_only_made_up_keys_nothing_is_written_and_no_stranger_stays(vault):
    vault.remove(*vault.under("keys"))
    record = made_up_root(vault)
    vault.put(f"team/models/keys/{record.statement.key}", format_record(record))
    refused_push(vault, "has no key")


def made_up_root(vault) -> KeyRecord:
    key = DataKey.new()
    registry = vault.open().context.config.id
    statement = close_key(key, registry, key.id, 1, [vault.recipient("ada")])
    return KeyRecord(statement, sign(open_signer(vault.open().context), statement.canonical(), "gitreg-store-keys"))


def test_keys_that_go_back_are_noticed(vault):
    """Whoever was removed could go on reading, if the bucket's owner helps."""
    old = vault.under("keys")
    vault.change(remove=("bob@example.com",))
    newer = set(vault.under("keys")) - set(old)
    vault.remove(*newer)
    for key, value in old.items():
        vault.put(key, value)
    error = refused_push(vault, "went back: from epoch 2, seen here, to 1")
    assert "gitreg remote trust vault" in str(error.hint)
    with pytest.raises(RefusedError, match="went back"):
        change_recipients(vault.open().context, "vault", RecipientsChange(add=(vault.recipient("carol"),)))
    trust(vault.open().context, "vault")
    assert vault.names() == {"person@example.com", "bob@example.com"}, "a person said that it is right"


def test_of_two_keys_with_one_epoch_the_newer_one_is_not_taken_back(vault):
    """Two admins at once: the bucket's owner would choose which of them had their way, and for whom to write."""
    before = vault.under("keys")
    vault.change(rotate=True)
    one = {key: value for key, value in vault.under("keys").items() if key not in before}
    vault.remove(*one)
    vault.world.sh("git", "config", "--unset", "gitreg.remote.vault.seenKey")
    vault.change(rotate=True)
    other = {key: value for key, value in vault.under("keys").items() if key not in before}
    older, newer = sorted([one, other], key=min)
    vault.remove(*other)
    for key, value in (older | newer).items():
        vault.put(key, value)
    vault.world.sh("git", "config", "--unset", "gitreg.remote.vault.seenKey")
    vault.publish(WEIGHTS[::-1])
    vault.remove(*newer)
    refused_push(vault, "went back: from epoch 2, seen here, to 2 with an older key")


def test_every_flipped_byte_of_a_key_s_record_is_refused_or_changes_nothing(vault):
    (key, value), *_ = vault.under("keys").items()
    for position in range(0, len(value), 7):
        bad = bytearray(value)
        bad[position] ^= 1
        vault.put(key, bytes(bad))
        context = vault.open().context
        with pytest.raises((StorageError, RefusedError)):
            list_recipients(context, "vault")


def test_objects_that_were_changed_cut_or_swapped_are_refused(vault):
    vault.publish(WEIGHTS)
    objects = vault.under("objects")
    one, other = list(objects)[:2]
    there = vault.clone("bobs", "bob")
    for changes in ({one: objects[one][:-1]}, {one: objects[other], other: objects[one]}, {one: b""}):
        for key, value in changes.items():
            vault.put(key, value)
        result = there.fsck(FsckRequest(remote="vault"))
        assert not result.ok
        for key in changes:
            vault.put(key, objects[key])
    assert there.fsck(FsckRequest(remote="vault")).ok


def test_a_missing_root_is_told_and_what_helps(vault):
    vault.remove(*vault.under("keys"))
    with pytest.raises(SealedError, match="has no key") as refused:
        list_recipients(vault.open().context, "vault")
    assert "keys/" in str(refused.value.hint)


def test_another_registry_does_not_write_into_it(vault):
    """Two registries would be one to the bucket's owner, and one's people read the other's bytes."""
    config = vault.open().root / ".gitreg" / "config.toml"
    mine = vault.open().context.config.id
    config.write_text(config.read_text().replace(mine[:8], "01234567"))
    store = remote_store(vault.open().context, create=True)
    with pytest.raises(RefusedError, match="no admin vouches"):
        store.write(Digest.of(WEIGHTS), WEIGHTS)


def test_a_store_sealed_elsewhere_is_not_taken_for_a_plain_one(vault):
    """An older config would have this clone look for objects by names that are not there, and upload them beside."""
    with pytest.raises(RefusedError):
        encrypt_remote(vault.open().context, "vault", [])
