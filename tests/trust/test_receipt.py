"""The log of receipts: what may be its next commit, and that stock git agrees about the signature."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from registry_builder import NOW, REGISTRY, git_oid, key_of

from gitreg.core.names import Principal
from gitreg.core.oid import Oid
from gitreg.core.policy import parse_policy
from gitreg.core.receipt_message import ReceiptMessage, Received, format_receipt
from gitreg.core.registry_id import RegistryId
from gitreg.core.tag_name import parse_tag_name
from gitreg.errors import FormatError
from gitreg.trust.allowed_signers import AllowedSigners, format_line
from gitreg.trust.commit_object import attach_to_commit, encode_commit_object, parse_commit_object
from gitreg.trust.receipt import Authority, LogEnd, check_receipt, sign_receipt
from gitreg.trust.rules import CheckError
from gitreg.trust.sshsig import sign
from gitreg.trust.tag_object import Tagger

TREE = Oid("4b825dc642cb6eb9a060e54bf8d69288fbee4904")
POLICY = b'format = 1\nepoch = 1\nbranch = "main"\n[roles]\nserver = ["server"]\n[receipts]\nfrom = ["server"]\n'
NOBODY = b'format = 1\nepoch = 2\nbranch = "main"\n'
OLD, NEW, UNKNOWN = Oid("a" * 40), Oid("b" * 40), Oid("c" * 40)
TAG = Received(parse_tag_name("mnist@v1.0.0"), Oid("d" * 40))  # type: ignore[arg-type]
BY = Tagger("server", "server", NOW, "+0000")


def signers(*names: str, options: str = "") -> AllowedSigners:
    lines = (format_line([Principal(name)], key_of(name).public_key) for name in names)
    return AllowedSigners.parse(
        "".join(line.replace(" namespaces", f" {options}namespaces") for line in lines).encode()
    )


AUTHORITIES = {
    OLD: Authority(parse_policy(POLICY), signers("server", "mallory")),
    NEW: Authority(parse_policy(NOBODY), signers("mallory")),
}
FIRST = ReceiptMessage(REGISTRY, OLD, (TAG,))


def receipt(message: ReceiptMessage = FIRST, parent: Oid | None = None, by: Tagger = BY, key: str = "server") -> bytes:
    return sign_receipt(TREE, parent, by, message, key_of(key))


EMPTY = LogEnd()


def refused(raw: bytes, before: LogEnd = EMPTY, authorities: dict[Oid, Authority] = AUTHORITIES) -> str:
    with pytest.raises(CheckError) as refusal:
        check_receipt(raw, before, REGISTRY, authorities)
    assert refusal.value.check == "receipt"
    assert refusal.value.message.isprintable()
    return refusal.value.message


def test_a_receipt_says_what_was_seen_and_when() -> None:
    found = check_receipt(receipt(), LogEnd(), REGISTRY, AUTHORITIES)
    assert (found.tags, found.seconds, found.by, found.policy) == ((TAG,), NOW, "server", OLD)


def test_it_follows_the_one_before() -> None:
    """A log that could fork would have two truths."""
    end = LogEnd(Oid("e" * 40), NOW, OLD)
    other = FIRST._replace(tags=())
    assert check_receipt(receipt(other, parent=end.tip), end, REGISTRY, AUTHORITIES).tags == ()
    assert "it follows nothing" in refused(receipt(other), end)
    assert "it follows" in refused(receipt(other, parent=end.tip))
    assert "dated before" in refused(receipt(other, parent=end.tip), end._replace(seconds=NOW + 1))


def test_a_tag_is_received_once() -> None:
    """A second receipt would give a tag a second time."""
    end = LogEnd(Oid("e" * 40), NOW, OLD, {"mnist@v1.0.0"})
    assert "mnist@v1.0.0 has a receipt already" in refused(receipt(parent=end.tip), end)


def test_another_registry_s_receipt_counts_for_nothing() -> None:
    other = FIRST._replace(registry=RegistryId("6c0e2a9d-1f7b-4a58-9a51-000000000000"))
    assert "belongs to the registry" in refused(receipt(other))


def test_only_who_the_policy_names_writes() -> None:
    assert "may not write receipts" in refused(receipt(key="mallory"))
    assert "may not write receipts" in refused(receipt(FIRST._replace(policy=NEW)))
    assert "never was in force" in refused(receipt(FIRST._replace(policy=UNKNOWN)))


def test_a_policy_that_was_left_behind_does_not_come_back() -> None:
    """A writer who lost the role would go on under the policy that gave it."""
    end = LogEnd(Oid("e" * 40), NOW, NEW)
    assert "older policy" in refused(receipt(parent=end.tip), end)


def test_a_writer_s_key_must_be_good_at_the_time() -> None:
    """A stolen server key that has run out must not date receipts back into its time unnoticed, or on."""
    expired = {OLD: AUTHORITIES[OLD]._replace(signers=signers("server", options='valid-before="20260101Z",'))}
    assert "may not write receipts" in refused(receipt(), authorities=expired)


def test_a_signature_for_another_purpose_or_text_counts_for_nothing() -> None:
    payload = encode_commit_object(TREE, None, BY, format_receipt(FIRST))
    assert "another purpose" in refused(attach_to_commit(payload, sign(key_of("server"), payload, "gitreg-approval")))
    assert refused(receipt().replace(b"mnist@v1.0.0 d", b"mnist@v1.0.0 e"))
    assert refused(receipt().replace(TREE.encode(), b"0" * 40))


def swapped(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda raw: raw.replace(old, new, 1)


@pytest.mark.parametrize(
    "change",
    [
        swapped(b"author server", b"author other"),
        swapped(b"\ncommitter", b"\nencoding latin1\ncommitter"),
        swapped(b"\ngpgsig ", b"\nmergetag x\ngpgsig "),
        swapped(b"\ngpgsig ", b"\ngpgsig-sha256 "),
        swapped(b"\nauthor", b"\nparent " + b"e" * 40 + b"\nparent " + b"e" * 40 + b"\nauthor"),
        swapped(b"Receive", b"\0Receive"),
        swapped(b"-----END SSH SIGNATURE-----\n", b"-----END SSH SIGNATURE-----\n more\n"),
        lambda raw: raw + b"\n",
        lambda raw: raw[:-1],
        lambda raw: raw.split(b"gpgsig")[0] + b"\n" + raw.split(b"\n\n", 1)[1],
        lambda raw: b"",
    ],
)
def test_any_other_form_of_commit_is_refused(change: Callable[[bytes], bytes]) -> None:
    """What git and gitreg could read differently must be read by neither."""
    assert change(receipt()) != receipt()
    refused(change(receipt()))


def test_what_cannot_be_read_back_is_not_written() -> None:
    with pytest.raises(FormatError):
        sign_receipt(TREE, None, BY._replace(name="a <b> c"), FIRST, key_of("server"))


def test_it_parses_into_what_it_was_made_of() -> None:
    commit = parse_commit_object(receipt(parent=Oid("e" * 40)))
    assert (commit.tree, commit.parent, commit.by) == (TREE, "e" * 40, BY)
    assert commit.message == format_receipt(FIRST)


@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_stock_git_verifies_it(kind: str, tmp_path: Path) -> None:
    """People and hosts see the log as signed commits without gitreg."""
    (tmp_path / "allowed").write_text(format_line([Principal("server")], key_of("server").public_key))
    settings = ("-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={tmp_path / 'allowed'}")

    def git(*args: str, data: bytes = b"") -> str:
        done = subprocess.run(["git", *settings, *args], cwd=tmp_path, input=data, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return (done.stdout + done.stderr).decode().strip()

    git("init", "-q", f"--object-format={kind}")
    tree = Oid(git("hash-object", "-t", "tree", "-w", "--stdin"))
    raw = sign_receipt(tree, None, BY, FIRST, key_of("server"))
    oid = git("hash-object", "-t", "commit", "-w", "--stdin", data=raw)
    assert 'Good "git" signature for server' in git("verify-commit", oid)
    git("fsck", "--strict")
    assert kind == "sha256" or oid == git_oid("commit", raw)
