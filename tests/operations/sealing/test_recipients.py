"""Encrypted remotes among people: who is let in reads, who is not does not, and the bucket's owner learns nothing."""

from __future__ import annotations

import random

import pytest

from gitreg.core.remote_url import RemoteUrl
from gitreg.errors import GitregError, NotFoundError, RefusedError, UsageError, VerificationError
from gitreg.operations.fsck import FsckRequest
from gitreg.operations.mirror import mirror
from gitreg.operations.recipients import RecipientsChange, change_recipients, encrypt_remote, list_recipients
from gitreg.operations.remote_check import check_remote
from gitreg.operations.remotes import add_remote
from gitreg.operations.sealing.identity import new_identity
from gitreg.operations.stores import remote_store
from gitreg.storage.remote import drivers
from gitreg.storage.remote.sealing.records import put_record
from gitreg.storage.remote.sealing.ring import SealedError

WEIGHTS = random.Random(11).randbytes(300_000)


def test_two_people_share_and_the_bucket_s_owner_sees_neither_bytes_nor_names(vault):
    vault.publish(WEIGHTS)
    there = vault.clone("bobs", "bob")
    assert (there.path("mnist") / "weights.bin").read_bytes() == WEIGHTS
    assert there.fsck(FsckRequest(remote="vault")).ok
    seen = b"".join(key.encode() + value for key, value in vault.contents().items())
    digests = {path.name for path in vault.world.objects("work/.git")}
    assert digests
    assert not any(digest.encode() in seen or bytes.fromhex(digest) in seen for digest in digests)
    assert not any(WEIGHTS[at : at + 12] in seen for at in range(0, len(WEIGHTS), 12))
    for word in (b"mnist", b"weights", b"ada@", b"bob@", vault.recipient("bob").key, b"A model"):
        assert word not in seen


def test_pushing_twice_uploads_nothing_twice(vault):
    """Names that changed with each key, or each push, would cost the store again and again."""
    vault.publish(WEIGHTS)
    before = vault.under("objects")
    vault.change(rotate=True)
    assert vault.open().push().transferred == 0
    assert vault.under("objects") == before


def test_somebody_added_reads_what_was_there_before_and_nothing_is_uploaded_again(vault):
    vault.publish(WEIGHTS)
    before = vault.under("objects")
    vault.recipient("carol")
    there = vault.clone("carols", "carol")
    with pytest.raises(GitregError):
        there.path("mnist")
    vault.change(add=(vault.recipient("carol"),))
    assert vault.under("objects") == before
    assert vault.names() == {"person@example.com", "bob@example.com", "carol@example.com"}
    assert (vault.open("carols", "carol").path("mnist") / "weights.bin").read_bytes() == WEIGHTS


def test_somebody_removed_reads_nothing_new(vault):
    vault.publish(WEIGHTS)
    vault.change(remove=("bob@example.com",))
    assert vault.names() == {"person@example.com"}
    vault.publish(WEIGHTS[::-1])
    there = vault.clone("bobs", "bob")
    with pytest.raises(GitregError, match="not for x25519:"):
        there.path("mnist")
    vault.change(add=(vault.recipient("carol"),))
    carol = vault.clone("carols", "carol")
    for version, data in (("v1.1.0", WEIGHTS), ("v1.2.0", WEIGHTS[::-1])):
        assert (carol.path(f"mnist@{version}") / "weights.bin").read_bytes() == data


def test_who_was_removed_and_kept_the_old_keys_cannot_open_what_is_new(vault):
    """Rewrapping alone would leave the key that they know in use."""
    old = vault.under("keys")
    vault.change(remove=("bob@example.com",))
    vault.publish(WEIGHTS)
    for key, value in old.items():  # as a bucket with versions keeps them
        vault.put(key, value)
    there = vault.clone("bobs", "bob")
    with pytest.raises(GitregError):
        there.path("mnist")


def test_names_and_keys_are_both_understood_and_unknown_ones_refused(vault):
    with pytest.raises(NotFoundError, match="no recipient 'eve"):
        vault.change(remove=("eve@example.com",))
    with pytest.raises(UsageError, match="nobody would be left"):
        vault.change(remove=("person@example.com", vault.recipient("bob").public))
    vault.change(remove=(vault.recipient("bob").public,))
    assert vault.names() == {"person@example.com"}


def test_only_an_admin_changes_recipients(vault):
    """Whoever can write to the bucket could let in whom they like."""
    before = vault.under("keys")
    with pytest.raises(VerificationError, match="may not vouch"):
        change_recipients(vault.open(who="bob").context, "vault", RecipientsChange(add=(vault.recipient("eve"),)))
    assert vault.under("keys") == before


def test_an_admin_who_left_stops_nobody_from_reading_and_another_takes_over(vault):
    """All production would stand still with the key of whoever set it up."""
    vault.publish(WEIGHTS)
    vault.change(add=(vault.recipient("dave"),))
    policy = vault.world.root / "work" / ".gitreg" / "policy.toml"
    text = policy.read_text().replace("epoch = 2", "epoch = 3")
    policy.write_text(text.replace('maintainer = ["person@example.com", "dave@', 'maintainer = ["dave@'))
    vault.world.change_policy("Ada left")
    vault.world.sh("git", "push", "-q", "origin", "main")
    there = vault.clone("daves", "dave")
    assert (there.path("mnist@v1.0.0") / "README.md").is_file()
    vault.world.train(there, WEIGHTS[::-1])
    with pytest.raises(RefusedError, match="no admin vouches"):
        there.push()
    checked = check_remote(there.context, "vault")
    assert (checked.ok, checked.pull, checked.push) == (False, True, False)
    assert [(each.what, "no admin" in each.problem) for each in checked.attempts if each.problem] == [("vouch", True)]
    result = change_recipients(there.context, "vault", RecipientsChange(rotate=True))
    assert [each.you for each in result.recipients] == [True], "nobody else's word counts any more"
    there.push()
    assert check_remote(there.context, "vault").push


@pytest.mark.parametrize("create", [False, True])
def test_one_connection_serves_keys_and_objects(vault, monkeypatch: pytest.MonkeyPatch, create: bool):
    """Each command would shake hands twice before its first byte."""
    opened = []
    bare = drivers.bare_driver
    monkeypatch.setattr(drivers, "bare_driver", lambda *place: opened.append(place) or bare(*place))
    remote_store(vault.open().context, "vault", create=create)
    assert len(opened) == 1


def test_a_lost_or_unreadable_identity_is_named_with_what_helps(vault, identities):
    vault.publish(WEIGHTS)
    there = vault.clone("bobs", "bob")
    path = identities / "bob"
    pem = path.read_bytes()
    path.chmod(0o644)
    with pytest.raises(SealedError, match="other users can read") as refused:
        list_recipients(there.context, "vault")
    assert refused.value.hint == f"chmod 600 {path}"
    path.chmod(0o600)
    path.write_bytes(b"garbage")
    with pytest.raises(SealedError, match="not an X25519 private key"):
        list_recipients(there.context, "vault")
    path.unlink()
    with pytest.raises(SealedError, match="no identity") as refused:
        there.push()
    assert "gitreg identity --new" in str(refused.value.hint)
    path.write_bytes(pem)
    path.chmod(0o600)
    with pytest.raises(RefusedError, match="already"):
        new_identity(there.context)
    assert path.read_bytes() == pem


def test_an_identity_lies_where_git_s_configuration_says(vault, identities, tmp_path):
    """Somebody with one identity for each customer would have to move files about."""
    place = tmp_path / "an identity"
    place.write_bytes((identities / "bob").read_bytes())
    place.chmod(0o600)
    vault.monkeypatch.delenv("GITREG_IDENTITY")
    registry = vault.world.open()
    with pytest.raises(SealedError, match=r"no identity at .*/gitreg/identity"):
        list_recipients(registry.context, "vault")
    vault.world.sh("git", "config", "gitreg.identity", str(place))
    assert [each.name for each in list_recipients(registry.context, "vault").recipients if each.you] == [
        "bob@example.com"
    ]


def test_a_remote_with_objects_is_not_encrypted_and_keeps_them(plain):
    """What lies there in the clear would seem to be protected."""
    plain.open().push()
    before = plain.contents()
    with pytest.raises(RefusedError, match="there is a store"):
        encrypt_remote(plain.open().context, "vault", [])
    assert plain.contents() == before


def test_encrypting_twice_is_refused_and_an_interrupted_one_can_be_repeated(plain):
    first = encrypt_remote(plain.open().context, "vault", [])
    with pytest.raises(RefusedError, match="encrypted already"):
        encrypt_remote(plain.open().context, "vault", [])
    plain.world.sh("git", "checkout", "-q", "HEAD", "--", ".gitreg/config.toml")
    plain.world.sh("git", "config", "--unset", "gitreg.remote.vault.seenKey")
    second = encrypt_remote(plain.open().context, "vault", [])
    assert first.root != second.root
    plain.open().push()


def test_a_folder_is_not_encrypted_and_the_reason_given(plain):
    context = plain.open().context
    add_remote(context, "disk", RemoteUrl.parse(f"file://{plain.world.root}/disk"), default=False)
    with pytest.raises(RefusedError, match="is a folder") as refused:
        encrypt_remote(plain.open().context, "disk", [])
    assert "file system" in str(refused.value.hint)


def test_a_plain_remote_is_mirrored_to_an_encrypted_one(plain):
    """Whoever began in the clear would have no way out."""
    plain.open().push()
    place = RemoteUrl.parse(f"s3://{plain.bucket}/sealed")
    add_remote(plain.open().context, "sealed", place, default=False)
    for key, value in plain.options.items():
        plain.world.sh("git", "config", f"gitreg.remote.sealed.{key}", value)
    encrypt_remote(plain.open().context, "sealed", [])
    before = {key for key in plain.contents() if key.startswith("team/")}
    result = mirror(plain.open().context, "vault", "sealed")
    assert result.ok
    assert result.written == len([key for key in before if "/objects/" in key])
    assert plain.open().fsck(FsckRequest(remote="sealed")).ok
    sealed = {value for key, value in plain.contents().items() if key.startswith("sealed/objects/")}
    assert not sealed & {value for key, value in plain.contents().items() if key in before}


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def killed_after(vault, monkeypatch):
    """`killed_after(puts, **change)`: the change is killed when it has written so many records."""

    def change(puts: int, **change) -> None:
        left = iter(range(puts))

        def put_until_killed(driver, record):
            if next(left, None) is None:
                raise Killed
            put_record(driver, record)

        with monkeypatch.context() as patch:
            patch.setattr("gitreg.operations.recipients.put_record", put_until_killed)
            with pytest.raises(Killed):
                vault.change(**change)

    return change


@pytest.mark.parametrize("puts", [0, 1, 2])
def test_a_removal_that_was_killed_is_finished_by_the_same_command(vault, killed_after, puts):
    """Who goes would keep the old keys' records, and who comes never get them: the newest key knows only who stays."""
    vault.publish(WEIGHTS)
    vault.change(rotate=True)
    swap = {"add": (vault.recipient("carol"),), "remove": ("bob@example.com",)}
    killed_after(puts, **swap)
    vault.change(**swap)
    assert vault.names() == {"person@example.com", "carol@example.com"}
    assert vault.open(who="carol").fsck(FsckRequest(remote="vault")).ok
    with pytest.raises(NotFoundError, match="no recipient 'bob"):
        vault.change(remove=("bob@example.com",))


@pytest.mark.parametrize("puts", [0, 1, 2])
def test_a_change_that_was_killed_locks_nobody_out_and_can_be_run_again(vault, killed_after, puts):
    vault.publish(WEIGHTS)
    vault.change(rotate=True)
    killed_after(puts, add=(vault.recipient("carol"),), rotate=True)
    assert vault.open().fsck(FsckRequest(remote="vault")).ok
    assert vault.open(who="bob").fsck(FsckRequest(remote="vault")).ok
    vault.change(add=(vault.recipient("carol"),))
    assert vault.open(who="carol").fsck(FsckRequest(remote="vault")).ok
    vault.publish(WEIGHTS[::-1])
