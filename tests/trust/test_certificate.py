"""Certificates: only what their authority signed, for whom, until when; compared with ssh-keygen throughout."""

import random
import subprocess
import sys
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from authority import FOREVER, HOST, Draft, RawSigner, pack_list, pack_pairs, present, with_key
from software_token import PIN_GIVEN, TOUCHED, EcdsaCore, Ed25519Core, SoftwareToken

from gitreg.core.names import Principal
from gitreg.errors import FormatError, VerificationError
from gitreg.trust.allowed_signers import AllowedSigners
from gitreg.trust.public_key import PublicKey
from gitreg.trust.sshsig import SshSignature, parse_blob, parse_signature, sign, verify
from gitreg.trust.wire import pack_string

ALICE, BOB, CAROL = (Principal(f"{name}@example.com") for name in ("alice", "bob", "carol"))
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
MESSAGE = b"message"


def verify_time(at: datetime) -> tuple[str, str]:
    return "-O", f"verify-time={at:%Y%m%d%H%M%SZ}"


def armored(blob: bytes) -> str:
    """As text, also what cannot be parsed."""
    return f"-----BEGIN SSH SIGNATURE-----\n{b64encode(blob).decode()}\n-----END SSH SIGNATURE-----\n"


def allowed(line: str, principal: Principal, blob: bytes, at: datetime = AT, namespace: str = "git") -> bool:
    """Whether we count the signature, both as `-Y verify -I` is asked and as git goes about it."""
    try:
        key = verify(parse_blob(blob), MESSAGE, namespace)
    except (FormatError, VerificationError):
        return False
    signers = AllowedSigners.parse(line.encode("latin-1"))
    named = principal in signers.principals_of(key, namespace, at)
    assert signers.allows(principal, key, namespace, at) or not named
    return named


@pytest.fixture
def ca(signers) -> RawSigner:
    return RawSigner(signers["p384"])


@pytest.fixture
def draft(public) -> Draft:
    return Draft(public["ed25519"], names=pack_list(ALICE.encode(), BOB.encode()))


@pytest.fixture
def line(public) -> str:
    return f"*@example.com cert-authority {public['p384'].line}\n"


@pytest.mark.parametrize("kind", ["ed25519", "p256", "p384", "p521", "rsa"])
def test_certificates_by_ssh_keygen_count_for_the_names_in_them(keygen, keys, public, signers, kind: str):
    """Every kind of key as subject, and every kind as authority."""
    for subject in keys:
        path = keygen.certify(keys[kind], keys[subject], f"{ALICE},{BOB}", "-V", "20260101000000Z:20270101000000Z")
        key = PublicKey.parse_wire(path.read_text())
        assert key == public[subject]
        blob = present(signers[subject], key.wire, MESSAGE)
        text = f"alice@*,carol@* cert-authority {public[kind].line}\n"
        for who, expected in ((ALICE, True), (BOB, False), (CAROL, False)):
            assert allowed(text, who, blob) is expected
            assert keygen.accepts(text, who, "git", armored(blob), MESSAGE, *verify_time(AT)) is expected


def test_ssh_keygens_own_signature_with_a_certificate_reads_back_byte_for_byte(keygen, keys, line):
    path = keygen.certify(keys["p384"], keys["ed25519"], ALICE)
    private = path.with_name(path.name.removesuffix("-cert.pub"))
    private.write_bytes(keys["ed25519"].read_bytes())
    private.chmod(0o600)
    text = keygen.sign(path, MESSAGE, "git")
    signature = parse_signature(text)
    assert signature.armored == text
    assert signature.public_key.certificate is not None
    assert allowed(line, ALICE, signature.blob)


LINES = [
    ("{alice} cert-authority {ca}", True),
    ("* cert-authority {ca}", True),
    ('*@example.com cert-authority,namespaces="git" {ca}', True),
    ('*@example.com namespaces="git",cert-authority {ca}', True),
    ('*@example.com CERT-AUTHORITY,valid-before="20260701Z" {ca}', True),
    ('*@example.com cert-authority,namespaces="file" {ca}', False),
    ('*@example.com cert-authority,valid-before="20260601Z" {ca}', False),
    ('*@example.com cert-authority,valid-after="20260701Z" {ca}', False),
    ("*,!{alice} cert-authority {ca}", False),
    ("{carol} cert-authority {ca}", False),
    ("{alice} {ca}", False),
    ("{alice} {key}", False),
    ("{alice} cert-authority {key}", False),
    ("{alice} {key}\n{alice} {ca}\n{alice} cert-authority {key}", False),
    ('{alice} cert-authority="yes" {ca}', False),
    ("{alice} no-cert-authority {ca}", False),
    ("{carol} cert-authority {ca}\n{alice} cert-authority {ca}", True),
]


@pytest.mark.parametrize(("text", "expected"), LINES)
def test_lines_mean_for_certificates_what_they_mean_to_openssh(keygen, public, signers, ca, draft, text, expected):
    text = text.format(alice=ALICE, carol=CAROL, ca=public["p384"].line, key=public["ed25519"].line) + "\n"
    blob = present(signers["ed25519"], draft.signed_by(ca), MESSAGE)
    assert keygen.accepts(text, ALICE, "git", armored(blob), MESSAGE, *verify_time(AT)) is expected
    assert allowed(text, ALICE, blob) is expected


def test_an_authority_does_not_sign_itself_nor_do_its_plain_keys(keygen, public, signers, line):
    """Otherwise whoever runs the authority is everybody, and a leaked line for people is an authority."""
    for name in ("p384", "ed25519"):
        text = sign(signers[name], MESSAGE, "git")
        assert not keygen.accepts(line, ALICE, "git", text, MESSAGE)
        assert not allowed(line, ALICE, parse_signature(text).blob)


def test_the_window_is_the_signatures_time_with_the_end_left_out(keygen, signers, ca, draft, line):
    start, end = int(START.timestamp()), int(END.timestamp())
    blob = present(signers["ed25519"], draft.but(valid_after=start, valid_before=end).signed_by(ca), MESSAGE)
    for seconds, expected in ((start - 1, False), (start, True), (end - 1, True), (end, False)):
        at = datetime.fromtimestamp(seconds, UTC)
        assert keygen.accepts(line, ALICE, "git", armored(blob), MESSAGE, *verify_time(at)) is expected
        assert allowed(line, ALICE, blob, at) is expected
        assert allowed(line, ALICE, blob, at.replace(microsecond=999_999)) is expected


REFUSED = [
    ({"kind": HOST}, "not for a user", False),
    ({"kind": 3}, "not for a user", False),
    ({"names": b""}, "0 names", False),
    ({"names": pack_list(*[ALICE.encode()] * 257)}, "257 names", False),
    ({"names": b"\0\0\0\5alic"}, "too early", False),
    ({"names": pack_list(b"alice@example.com\0x")}, "NUL", False),
    ({"key_id": b"a\0b"}, "NUL", False),
    ({"critical": pack_pairs((b"force-command", pack_string(b"true")))}, "restriction 'force-command'", True),
    ({"critical": pack_pairs((b"source-address", pack_string(b"::1")))}, "restriction 'source-address'", True),
    ({"critical": pack_pairs((b"new@example.com", b""))}, "restriction 'new@example.com'", True),
    ({"critical": pack_pairs((b"verify-required", b"no"))}, "restriction 'verify-required'", True),
    ({"critical": pack_pairs(*[(b"verify-required", b"")] * 2)}, "out of order or repeated", True),
    ({"critical": b"\0\0"}, "too early", False),
    ({"extensions": pack_pairs((b"b", b""), (b"a", b""))}, "out of order", True),
    ({"extensions": b"x"}, "too early", False),
    ({"reserved": b"x"}, "reserved", True),
    ({"tail": b"x"}, "too many", False),
]


@pytest.mark.parametrize(("changes", "reason", "is_laxer_there"), REFUSED)
def test_certificates_that_promise_less_or_other_than_we_need_are_refused(
    keygen, signers, ca, draft, line, changes, reason, is_laxer_there
):
    """Where OpenSSH takes one it is because it looks away; nothing here is refused only there."""
    certificate = draft.but(**changes).signed_by(ca)
    with pytest.raises(FormatError, match=reason):
        PublicKey.from_wire(certificate)
    blob = present(signers["ed25519"], certificate, MESSAGE)
    assert keygen.accepts(line, ALICE, "git", armored(blob), MESSAGE, *verify_time(AT)) is is_laxer_there
    assert not allowed(line, ALICE, blob)


def test_a_certificate_that_its_authority_did_not_sign_is_refused(keygen, signers, public, ca, draft, line):
    other = RawSigner(signers["ed25519"])
    forged = [
        draft.signed_by(other, authority_blob=public["p384"].blob),
        draft.signed_by(ca, signature=ca.sign_raw(b"something else")),
        draft.signed_by(ca, signature=pack_string(b"ecdsa-sha2-nistp384") + pack_string(b"")),
    ]
    for certificate in forged:
        with pytest.raises(FormatError):
            PublicKey.from_wire(certificate)
        blob = present(signers["ed25519"], certificate, MESSAGE)
        assert not keygen.accepts(line, ALICE, "git", armored(blob), MESSAGE, *verify_time(AT))


def test_an_authority_cannot_be_a_certificate_or_a_weak_key(keygen, signers, ca, draft):
    """No chains: each authority that counts stands in allowed_signers itself."""
    inner = draft.signed_by(ca)
    with pytest.raises(FormatError, match="not supported"):
        PublicKey.from_wire(draft.signed_by(RawSigner(signers["ed25519"]), authority_blob=inner))
    weak = keygen.make("weak", "rsa", "-b", "1024")
    subject = keygen.make("subject", "ed25519")
    with pytest.raises(FormatError, match="1024 bits"):
        PublicKey.parse_wire(keygen.certify(weak, subject, ALICE).read_text())


def test_an_authority_that_signs_with_sha1_is_refused(keygen, keys):
    path = keygen.certify(keys["rsa"], keys["ed25519"], ALICE)
    assert PublicKey.parse_wire(path.read_text()).certificate
    blob = PublicKey.parse_wire(path.read_text()).wire
    renamed = blob.replace(pack_string(b"rsa-sha2-512"), pack_string(b"ssh-rsa"))
    assert renamed != blob
    with pytest.raises(FormatError):
        PublicKey.from_wire(renamed)


def test_no_changed_bit_of_a_certificate_is_accepted(keygen, signers, ca, draft, line):
    rng, certificate = random.Random(30), draft.signed_by(ca)
    text = sign(signers["ed25519"], MESSAGE, "git")
    for _ in range(2000):
        at, bit = rng.randrange(len(certificate)), 1 << rng.randrange(8)
        changed = certificate[:at] + bytes([certificate[at] ^ bit]) + certificate[at + 1 :]
        assert not allowed(line, ALICE, with_key(text, changed)), at
    for cut in range(len(certificate)):
        assert not allowed(line, ALICE, with_key(text, certificate[:cut])), cut


def test_somebody_elses_certificate_does_not_cover_my_signature(signers, public, ca, draft, line):
    theirs = draft.but(key=public["rsa"]).signed_by(ca)
    assert not allowed(line, ALICE, present(signers["ed25519"], theirs, MESSAGE))


@pytest.mark.parametrize("core", [Ed25519Core, EcdsaCore])
def test_security_keys_have_certificates_too_and_may_be_held_to_their_pin(keygen, ca, draft, line, core):
    token = SoftwareToken(core())
    plain = draft.but(key=token.public_key)
    strict = plain.but(critical=pack_pairs((b"verify-required", b""))).signed_by(ca)
    for flags, certificate, expected in (
        (TOUCHED, plain.signed_by(ca), True),
        (0, plain.signed_by(ca), False),
        (TOUCHED, strict, False),
        (TOUCHED | PIN_GIVEN, strict, True),
    ):
        token.flags = flags
        blob = present(token, certificate, MESSAGE)
        assert allowed(line, ALICE, blob) is expected
        assert keygen.accepts(line, ALICE, "git", armored(blob), MESSAGE, *verify_time(AT)), "OpenSSH asks for neither"


def test_a_pin_cannot_be_given_to_a_key_in_a_file(signers, ca, draft, line):
    strict = draft.but(critical=pack_pairs((b"verify-required", b""))).signed_by(ca)
    assert not allowed(line, ALICE, present(signers["ed25519"], strict, MESSAGE))


def test_a_certificate_makes_no_second_key_of_one(public, ca, draft):
    """Two people, or one person twice, must not count as two by presenting one key in different dress."""
    first, second = (PublicKey.from_wire(draft.but(serial=n).signed_by(ca)) for n in (1, 2))
    plain = public["ed25519"]
    assert first == second == plain
    assert (first != plain) is False
    assert len({first, second, plain}) == 1
    assert first.fingerprint == plain.fingerprint
    assert first != public["rsa"]


def test_only_names_that_people_have_here_come_out_of_a_certificate(signers, ca, draft):
    """An authority certifies host accounts and other things too; they must not break or become anybody."""
    names = pack_list(b"root@*", b"m\xc3\xbcller", b"a b", b"!bob", ALICE.encode(), b"")
    blob = present(signers["ed25519"], draft.but(names=names).signed_by(ca), MESSAGE)
    key = verify(parse_blob(blob), MESSAGE, "git")
    signers_file = AllowedSigners.parse(f"* cert-authority {ca.public_key.line}\n".encode())
    assert signers_file.principals_of(key, "git", AT) == {ALICE}


def test_a_line_with_a_certificate_in_place_of_a_key_grants_nothing(keygen, signers, ca, draft):
    """OpenSSH takes it, without looking at the certificate's times or authority at all."""
    certificate = draft.but(valid_before=1).signed_by(ca)
    blob = present(signers["ed25519"], certificate, MESSAGE)
    line = f"{ALICE} ssh-ed25519-cert-v01@openssh.com {b64encode(certificate).decode()}\n"
    assert keygen.accepts(line, ALICE, "git", armored(blob), MESSAGE, *verify_time(AT))
    assert not allowed(line, ALICE, blob)
    assert AllowedSigners.parse(line.encode()).problems


def test_a_certificate_survives_being_written_and_read(signers, ca, draft):
    key = PublicKey.from_wire(draft.but(valid_before=FOREVER).signed_by(ca))
    made = parse_signature(sign(signers["ed25519"], MESSAGE, "git"))
    signature = SshSignature(key, made.namespace, made.hash, made.raw)
    assert parse_blob(signature.blob).public_key.wire == key.wire
    assert verify(parse_signature(signature.armored), MESSAGE, "git").certificate == key.certificate


def test_reading_plain_keys_loads_no_code_for_certificates_and_lists(keys):
    """Few registries have either, and every command's start would pay for them."""
    line = keys["ed25519"].with_suffix(".pub").read_text()
    code = f"""
import sys
from gitreg.trust import verify
from gitreg.trust.public_key import PublicKey
from gitreg.trust.revocation import Revocations
key = PublicKey.parse_wire({line!r})
assert not Revocations.parse(b"").revoked(key)
print(*sorted(name for name in sys.modules if name.startswith("gitreg.trust.")))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    loaded = done.stdout.split()
    assert "gitreg.trust.algorithms.ed25519" in loaded
    assert not {"gitreg.trust.certificate", "gitreg.trust.krl", "gitreg.trust.algorithms.rsa"} & set(loaded)
