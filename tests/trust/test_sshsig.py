"""SSHSIG against ssh-keygen: ours pass there, theirs pass here, and nothing passes here that is refused there."""

import base64
import random

import pytest
from software_token import PIN_GIVEN, EcdsaCore, Ed25519Core, SoftwareToken

from gitreg.errors import FormatError, SigningError, VerificationError
from gitreg.trust.keygen_signer import KeygenSigner
from gitreg.trust.public_key import PublicKey
from gitreg.trust.sshsig import SshSignature, parse_blob, parse_signature, sign, verify
from gitreg.trust.wire import Reader, pack_mpint, pack_string, pack_uint32

MESSAGE = b"object 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def accepted(armored: str, message: bytes = MESSAGE, namespace: str = "git") -> PublicKey | None:
    try:
        return verify(parse_signature(armored), message, namespace)
    except (FormatError, VerificationError):
        return None


def test_ssh_keygen_accepts_what_we_sign(keygen, signers):
    for signer in signers.values():
        armored = sign(signer, MESSAGE, "git")
        line = f"me {signer.public_key.line}\n"
        assert keygen.accepts(line, "me", "git", armored, MESSAGE)
        assert not keygen.accepts(line, "me", "git", armored, MESSAGE + b"x")


@pytest.mark.parametrize("options", [(), ("-O", "hashalg=sha256")])
def test_we_accept_what_ssh_keygen_signs_and_write_it_the_same_way(keygen, keys, public, options):
    for name, path in keys.items():
        armored = keygen.sign(path, MESSAGE, "git", *options)
        assert accepted(armored) == public[name]
        assert parse_signature(armored).armored == armored
        assert accepted(armored, MESSAGE + b"x") is None
        assert accepted(armored, namespace="file") is None


def test_deterministic_signatures_are_the_same_bytes(keygen, keys, signers):
    """Ed25519 and RSA leave no choice: any difference is a difference in format."""
    for name in ("ed25519", "rsa"):
        assert sign(signers[name], MESSAGE, "git") == keygen.sign(keys[name], MESSAGE, "git")


def test_ssh_keygen_can_sign_for_us(keys, public):
    """The way out for hardware keys."""
    assert accepted(sign(KeygenSigner(keys["p256"], public["p256"], {"PATH": "/usr/bin:/bin"}), MESSAGE, "git"))


def test_a_signer_with_the_wrong_key_is_caught_before_anything_is_published(keys, public):
    liar = KeygenSigner(keys["p256"], public["ed25519"], {"PATH": "/usr/bin:/bin"})
    with pytest.raises(SigningError, match="another key"):
        sign(liar, MESSAGE, "git")


def test_an_empty_namespace_is_refused(signers):
    with pytest.raises(SigningError):
        sign(signers["ed25519"], MESSAGE, "")


def text_mutations(armored: str, rng: random.Random, count: int):
    for _ in range(count):
        at = rng.randrange(len(armored))
        char = chr(rng.choice([*range(32, 127), 10, 13, 0]))
        yield rng.choice(
            [
                armored[:at] + char + armored[at + 1 :],
                armored[:at] + char + armored[at:],
                armored[:at],
                armored[at:],
                armored[:at] + armored[at + 1 :],
                armored + char,
                armored + armored[at:],
            ]
        )


def blob_mutations(blob: bytes, rng: random.Random, count: int):
    for _ in range(count):
        at, bit = rng.randrange(len(blob)), 1 << rng.randrange(8)
        flipped = blob[:at] + bytes([blob[at] ^ bit]) + blob[at + 1 :]
        yield rng.choice([flipped, flipped, flipped, blob[:at], blob + bytes([bit]), blob[:at] + b"\0" + blob[at:]])


def armor(blob: bytes) -> str:
    text = base64.b64encode(blob).decode()
    return f"-----BEGIN SSH SIGNATURE-----\n{text}\n-----END SSH SIGNATURE-----\n"


def check_mutations(keygen, signers, count: int) -> None:
    rng = random.Random(20)
    for signer in signers.values():
        armored = sign(signer, MESSAGE, "git")
        blob = parse_signature(armored).blob
        line = f"me {signer.public_key.line}\n"
        mutated = [*text_mutations(armored, rng, count), *map(armor, blob_mutations(blob, rng, count))]
        for text in mutated:
            if text != armored and accepted(text) is not None:
                assert parse_signature(text).blob == blob, "a changed signature was accepted"
                assert keygen.accepts(line, "me", "git", text, MESSAGE)


def test_no_mutation_is_accepted_that_ssh_keygen_refuses(keygen, signers):
    check_mutations(keygen, signers, 500)


@pytest.mark.slow
def test_no_mutation_of_many_is_accepted_that_ssh_keygen_refuses(keygen, signers):
    check_mutations(keygen, signers, 6_000)


def test_signatures_under_other_keys_of_the_same_kind_are_refused(keygen, signers):
    for name, kind in {"ed25519": ("ed25519",), "p256": ("ecdsa", "-b", "256")}.items():
        other = PublicKey.parse(keygen.make(f"other-{name}", *kind).with_suffix(".pub").read_text())
        mine = parse_signature(sign(signers[name], MESSAGE, "git"))
        forged = SshSignature(other, mine.namespace, mine.hash, mine.raw)
        with pytest.raises(VerificationError):
            verify(forged, MESSAGE, "git")


def rebuilt(blob: bytes, **changes: bytes) -> bytes:
    """The same signature with some fields replaced."""
    fields = Reader(blob)
    fields.take(10)
    parts = {"version": pack_uint32(1)}
    parts |= {name: fields.string() for name in ("key", "namespace", "reserved", "hash", "raw")}
    parts |= changes
    version = parts.pop("version")
    return b"SSHSIG" + version + b"".join(pack_string(part) for part in parts.values())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": pack_uint32(0)}, "version 0"),
        ({"version": pack_uint32(2)}, "version 2"),
        ({"reserved": b"x"}, "reserved"),
        ({"hash": b"md5"}, "unknown hash"),
        ({"hash": b"SHA512"}, "unknown hash"),
        ({"namespace": b"git\0"}, "plain text"),
        ({"key": b""}, "too early"),
    ],
)
def test_fields_that_openssh_may_overlook_are_refused(signers, changes, reason):
    blob = parse_signature(sign(signers["ed25519"], MESSAGE, "git")).blob
    assert parse_blob(rebuilt(blob)).blob == blob
    with pytest.raises(FormatError, match=reason):
        parse_blob(rebuilt(blob, **changes))


def test_other_algorithms_than_the_keys_own_are_refused(signers):
    """RSA with SHA-1 above all: its name is also the key type's."""
    for name, algorithm in {"rsa": b"ssh-rsa", "ed25519": b"rsa-sha2-512", "p256": b"ecdsa-sha2-nistp384"}.items():
        blob = parse_signature(sign(signers[name], MESSAGE, "git")).blob
        raw = Reader(parse_blob(blob).raw)
        raw.string()
        forged = parse_blob(rebuilt(blob, raw=pack_string(algorithm) + pack_string(raw.string())))
        with pytest.raises(VerificationError, match="malformed"):
            verify(forged, MESSAGE, "git")


def test_text_around_a_signature_is_refused(signers):
    armored = sign(signers["ed25519"], MESSAGE, "git")
    assert accepted(armored.removesuffix("\n"))
    for text in (armored + "x", " " + armored, armored + "\n", armored * 2, armored.replace("\n", "\r\n"), ""):
        assert accepted(text) is None


def test_signature_bytes_are_no_identity(keygen, signers):
    """ECDSA lets anyone make a second valid signature from a first; OpenSSH accepts it too, so it must not matter."""
    signature = parse_signature(sign(signers["p256"], MESSAGE, "git"))
    raw = Reader(signature.raw)
    name, pair = raw.string(), Reader(raw.string())
    r, s = pair.mpint(), pair.mpint()
    twin_raw = pack_string(name) + pack_string(pack_mpint(r) + pack_mpint(P256_ORDER - s))
    twin = SshSignature(signature.public_key, "git", signature.hash, twin_raw)
    assert verify(twin, MESSAGE, "git") == signature.public_key
    assert keygen.accepts(f"me {signature.public_key.line}\n", "me", "git", twin.armored, MESSAGE)


@pytest.fixture(params=[Ed25519Core, EcdsaCore])
def token(request) -> SoftwareToken:
    return SoftwareToken(request.param())


def test_security_keys_verify_if_somebody_touched_them(keygen, token):
    armored = sign(token, MESSAGE, "git")
    assert keygen.accepts(f"me {token.public_key.line}\n", "me", "git", armored, MESSAGE)
    token.flags = 0
    with pytest.raises(SigningError, match="touching"):
        sign(token, MESSAGE, "git")
    token.flags = PIN_GIVEN
    with pytest.raises(SigningError, match="touching"):
        sign(token, MESSAGE, "git")


def test_no_mutation_of_a_security_keys_signature_is_accepted(token):
    rng, blob = random.Random(21), parse_signature(sign(token, MESSAGE, "git")).blob
    for changed in blob_mutations(blob, rng, 500):
        assert accepted(armor(changed)) is None


def test_a_security_keys_signature_is_no_plain_one_and_the_reverse(token, signers):
    """The same numbers mean another message: a token's flags must not be left out by renaming its key."""
    mine = parse_signature(sign(token, MESSAGE, "git"))
    for other in (signers["ed25519"], signers["p256"]):
        forged = SshSignature(other.public_key, mine.namespace, mine.hash, mine.raw)
        with pytest.raises(VerificationError, match="malformed"):
            verify(forged, MESSAGE, "git")
        theirs = parse_signature(sign(other, MESSAGE, "git"))
        with pytest.raises(VerificationError, match="malformed"):
            verify(SshSignature(token.public_key, "git", theirs.hash, theirs.raw), MESSAGE, "git")


def test_an_application_ends_where_openssh_ends_it(token):
    """OpenSSH hashes it up to a NUL, so a key with one would be another key there."""
    with pytest.raises(FormatError, match="NUL"):
        SoftwareToken(Ed25519Core(), application=b"ssh:\0")
    with pytest.raises(FormatError, match="NUL"):
        SoftwareToken(EcdsaCore(), application=b"ssh:\0x")
