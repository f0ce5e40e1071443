"""Tag objects against stock git: git's parse here, ours verify there, and any other form is refused."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.oid import Oid
from gitreg.errors import FormatError, VerificationError
from gitreg.trust.public_key import PublicKey
from gitreg.trust.sshsig import parse_signature, sign, verify
from gitreg.trust.tag_object import (
    MAX_TAG,
    Tagger,
    TagObject,
    TargetType,
    attach_signature,
    encode_tag_object,
    parse_tag_object,
)

OID = Oid("4b825dc642cb6eb9a060e54bf8d69288fbee4904")
TAGGER = Tagger("Zoë Müller", "zoe@example.com", 1_780_000_000, "+0200")
PAYLOAD = encode_tag_object(OID, TargetType.COMMIT, "mnist@v1.0.0", TAGGER, "subject\n\nbody\n")
ARMORED = "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"


@pytest.fixture
def signing_repo(git_repo, keys, public, sh):
    """A repository with one commit where stock git signs with SSH and trusts two keys."""
    signers = git_repo / "signers"
    signers.write_text("".join(f"me {public[name].line}\n" for name in ("ed25519", "p256")))
    for name, value in {
        "gpg.format": "ssh",
        "user.signingkey": str(keys["p256"]),
        "gpg.ssh.allowedSignersFile": str(signers),
    }.items():
        sh(git_repo, "git", "config", name, value)
    sh(git_repo, "git", "commit", "-q", "--allow-empty", "-m", "first")
    return git_repo


def raw_tag(repo, name: str) -> bytes:
    return subprocess.run(["git", "cat-file", "tag", name], cwd=repo, capture_output=True, check=True).stdout


@pytest.mark.parametrize("message", ["one line", "subject\n\nbody\n\n# kept?\n", "ünï"])
def test_a_tag_by_git_parses_and_verifies(signing_repo, public, sh, message: str):
    sh(signing_repo, "git", "tag", "-s", "-m", message, "mnist@v1.0.0")
    tag = parse_tag_object(raw_tag(signing_repo, "mnist@v1.0.0"))
    assert (tag.name, tag.target_type) == ("mnist@v1.0.0", TargetType.COMMIT)
    assert tag.target == sh(signing_repo, "git", "rev-parse", "HEAD")
    assert (tag.tagger.name, tag.tagger.email) == ("Test Person", "person@example.com")
    assert tag.signature is not None
    assert verify(parse_signature(tag.signature), tag.signed_bytes, "git") == public["p256"]
    assert attach_signature(tag.signed_bytes, tag.signature) == raw_tag(signing_repo, "mnist@v1.0.0")


def test_a_tag_by_us_satisfies_git_verify_tag_and_fsck(signing_repo, signers, sh):
    head = Oid(sh(signing_repo, "git", "rev-parse", "HEAD"))
    payload = encode_tag_object(head, TargetType.COMMIT, "mnist#production#1", TAGGER, "Promote\n\nKey: value\n")
    raw = attach_signature(payload, sign(signers["ed25519"], payload, "git"))
    oid = subprocess.run(
        ["git", "hash-object", "-t", "tag", "-w", "--stdin"],
        cwd=signing_repo,
        input=raw,
        capture_output=True,
        check=True,
    ).stdout.decode()
    sh(signing_repo, "git", "update-ref", "refs/tags/mnist#production#1", oid.strip())
    sh(signing_repo, "git", "verify-tag", "mnist#production#1")
    sh(signing_repo, "git", "fsck", "--strict")
    assert raw_tag(signing_repo, "mnist#production#1") == raw


def test_git_and_we_refuse_a_changed_tag(signing_repo, signers, sh):
    head = Oid(sh(signing_repo, "git", "rev-parse", "HEAD"))
    payload = encode_tag_object(head, TargetType.COMMIT, "m@v1.0.0", TAGGER, "Register\n")
    raw = attach_signature(payload, sign(signers["ed25519"], payload, "git")).replace(b"Register", b"register")
    with pytest.raises(VerificationError, match="does not fit"):
        verify_tag(raw)
    write = ["git", "hash-object", "-t", "tag", "-w", "--stdin"]
    oid = subprocess.run(write, cwd=signing_repo, input=raw, capture_output=True, check=True).stdout.decode().strip()
    assert subprocess.run(["git", "verify-tag", oid], cwd=signing_repo, capture_output=True, check=False).returncode


def test_no_flipped_bit_survives(signers):
    payload = encode_tag_object(OID, TargetType.COMMIT, "m@v1.0.0", TAGGER, "Register\n")
    raw = attach_signature(payload, sign(signers["ed25519"], payload, "git"))
    for at in range(len(raw)):
        changed = raw[:at] + bytes([raw[at] ^ 1 << at % 8]) + raw[at + 1 :]
        with pytest.raises((FormatError, VerificationError)):
            verify_tag(changed)


def verify_tag(raw: bytes) -> PublicKey:
    tag = parse_tag_object(raw)
    return verify(parse_signature(tag.signature or ""), tag.signed_bytes, "git")


def test_unsigned_nested_and_other_targets_are_said_to_be_so(signing_repo, sh):
    sh(signing_repo, "git", "tag", "-a", "-m", "plain", "plain")
    sh(signing_repo, "git", "tag", "-a", "-m", "nested", "nested", "plain")
    sh(signing_repo, "git", "tag", "-a", "-m", "tree", "tree", "HEAD^{tree}")
    assert parse_tag_object(raw_tag(signing_repo, "plain")).signature is None
    assert parse_tag_object(raw_tag(signing_repo, "nested")).target_type is TargetType.TAG
    assert parse_tag_object(raw_tag(signing_repo, "tree")).target_type is TargetType.TREE


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)
names = st.text(st.characters(codec="utf-8", exclude_characters="\0<>\n"), max_size=20)


@given(
    oid=st.from_regex(r"[0-9a-f]{40}([0-9a-f]{24})?", fullmatch=True).map(Oid),
    target_type=st.sampled_from(TargetType),
    name=st.from_regex(r"[a-z0-9/@#!.-]{1,30}", fullmatch=True),
    tagger=st.builds(
        Tagger, names, names, st.integers(0, 253_402_300_799), st.from_regex(r"[+-][0-9]{4}", fullmatch=True)
    ),
    message=texts,
)
def test_what_is_written_is_read_back(oid: Oid, target_type: TargetType, name: str, tagger: Tagger, message: str):
    payload = encode_tag_object(oid, target_type, name, tagger, message + "\n")
    assert parse_tag_object(payload) == TagObject(oid, target_type, name, tagger, message + "\n", None, payload)
    signed = parse_tag_object(attach_signature(payload, ARMORED))
    assert signed == TagObject(oid, target_type, name, tagger, message + "\n", ARMORED, payload)


@given(st.binary(max_size=100))
def test_arbitrary_bytes_are_refused_in_order(data: bytes):
    for raw in (data, PAYLOAD + data, data + PAYLOAD):
        try:
            tag = parse_tag_object(raw)
        except FormatError:
            continue
        assert tag.signed_bytes + (tag.signature or "").encode() == raw


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"object ", b"object 0"),
        (b"object 4b", b"object 4B"),
        (b"type commit\n", b""),
        (b"type commit\n", b"type commit\ntype commit\n"),
        (b"type commit", b"type commits"),
        (b"type commit", b"type "),
        (b"tag mnist@v1.0.0\n", b""),
        (b"tag mnist@v1.0.0\n", b"tag \n"),
        (b"tag mnist@v1.0.0\n", b"tag a b\n"),
        (b"tag mnist", "tag \u202emnist".encode()),
        (b"tagger Z", b"tagger <Z"),
        (b" 1780000000 ", b" 01780000000 "),
        (b" 1780000000 ", b" -1 "),
        (b" 1780000000 ", b" 999999999999 "),
        (b" 1780000000 ", "\u00a01780000000 ".encode()),
        (b"+0200", b"0200"),
        (b"+0200\n", b"+0200\nencoding latin-1\n"),
        (b"+0200\n", b"+0200\ngpgsig x\n"),
        (b"+0200\n\n", b"+0200\n"),
        (b"body", b"bo\0dy"),
        (b"body", b"bo\xffdy"),
        (b"object", b"\nobject"),
        (b"body\n", b"body\n" + ARMORED.encode() + b"more"),
        (b"body\n", b"body\n" + ARMORED.encode() + b"\n"),
        (b"body\n", b"body\n" + ARMORED.encode() * 2),
        (b"body\n", b"body\n-----BEGIN SSH SIGNATURE-----\nAAAA\n"),
        (b"body\n", b"body\n-----BEGIN SSH SIGNATURE-----x\n" + ARMORED.encode()),
        (b"body\n", b"body\n-----BEGIN PGP SIGNATURE-----\n"),
        (b"body\n", b"body\n-----BEGIN PGP SIGNATURE-----\nx\n-----END PGP SIGNATURE-----\n" + ARMORED.encode()),
        (b"body\n", b"body\n-----BEGIN SIGNED MESSAGE-----\nx\n"),
        (b"body\n", b"body\n" + b"x" * MAX_TAG),
    ],
)
def test_any_other_form_is_refused(old: bytes, new: bytes):
    """Each of these two readers could take for different things, or git writes never."""
    raw = PAYLOAD.replace(old, new, 1)
    assert raw != PAYLOAD
    with pytest.raises(FormatError):
        parse_tag_object(raw)


def test_a_pgp_signature_is_called_one():
    with pytest.raises(FormatError, match="PGP SIGNATURE, not with an SSH key"):
        parse_tag_object(PAYLOAD + b"-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n")


@pytest.mark.parametrize(
    ("name", "tagger", "message"),
    [
        ("a\ntagger x", TAGGER, "m\n"),
        ("a", Tagger("n>", "e", 0, "+0000"), "m\n"),
        ("a", Tagger("n\n", "e", 0, "+0000"), "m\n"),
        ("a", Tagger("n", "e", -1, "+0000"), "m\n"),
        ("a", Tagger("n", "e", 0, "Z"), "m\n"),
        ("a", TAGGER, "m\0\n"),
        ("a", TAGGER, "m\udcff\n"),
        ("a", TAGGER, "m\n" + ARMORED),
    ],
)
def test_nothing_is_written_that_would_be_read_otherwise(name: str, tagger: Tagger, message: str):
    with pytest.raises(FormatError):
        encode_tag_object(OID, TargetType.COMMIT, name, tagger, message)


@pytest.mark.parametrize("payload", [PAYLOAD.rstrip(b"\n"), PAYLOAD + ARMORED.encode()])
def test_a_signature_is_attached_only_where_git_finds_it(payload: bytes):
    with pytest.raises(FormatError):
        attach_signature(payload, ARMORED)
