"""The whole decision against ssh-keygen and git, over random keys, certificates, files, times and damage.

What either refuses, we refuse; where we refuse more, the reason is one of those listed here.
"""

import random
import subprocess
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from authority import Draft, RawSigner, pack_list, pack_pairs, present
from software_token import TOUCHED, EcdsaCore, Ed25519Core, SoftwareToken

from gitreg.core.names import Principal
from gitreg.errors import FormatError, VerificationError
from gitreg.trust.allowed_signers import AllowedSigners
from gitreg.trust.revocation import Revocations
from gitreg.trust.sshsig import build_signature, parse_signature, verify

PEOPLE = [Principal(f"{name}@example.com") for name in ("alice", "bob", "carol")]
NAMESPACES = ["git", "gitreg-approval"]
AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
OID = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

# Whatever we refuse and OpenSSH takes must be for one of these; anything else is a valid signature refused.
STRICTER = (
    "touching",  # a security key nobody touched
    "the restriction",  # a certificate's critical option
    "the certificate asks",  # verify-required, which ssh-keygen does not look at
)


@dataclass(frozen=True)
class Case:
    """One question: does `armored` over `message` count as `principal`'s?"""

    armored: str
    signers: str
    revoked: bytes | None
    principal: Principal
    namespace: str
    at: datetime
    message: bytes = b"message"


def refusal(case: Case) -> str | None:
    """Why we would not count it; None if we would."""
    try:
        key = verify(parse_signature(case.armored), case.message, case.namespace)
        if case.revoked is not None and Revocations.parse(case.revoked).revoked(key):
            return "revoked"
    except (FormatError, VerificationError) as error:
        return error.message
    signers = AllowedSigners.parse(case.signers.encode())
    if not signers.allows(case.principal, key, case.namespace, case.at):
        return "not allowed"
    return None


class World:
    """Everything that the cases are drawn from."""

    def __init__(self, signers, keygen, seed: int) -> None:
        self.rng = random.Random(seed)
        self.keygen = keygen
        self.tokens = [SoftwareToken(Ed25519Core()), SoftwareToken(EcdsaCore())]
        self.holders = [RawSigner(signer) for signer in (*signers.values(), *self.tokens)]

    def case(self, namespace: str | None = None, message: bytes = b"message") -> Case:
        rng = self.rng
        holder, authority = rng.choice(self.holders), rng.choice(self.holders)
        namespace = namespace or rng.choice(NAMESPACES)
        for token in self.tokens:
            token.flags = rng.choice([TOUCHED] * 5 + [0, 5])
        wire = holder.public_key.blob
        if rng.random() < 0.6:
            wire = self.certificate(holder, authority)
        blob = present(holder, wire, message, namespace)
        return Case(
            text(blob),
            "".join(self.line(holder, authority) for _ in range(rng.randrange(2, 6))),
            self.revoked(holder, authority),
            rng.choice(PEOPLE[:2]),
            namespace,
            AT + timedelta(hours=rng.choice([-48, -1, 0, 0, 0, 1, 48])),
            message,
        )

    def certificate(self, holder: RawSigner, authority: RawSigner) -> bytes:
        rng = self.rng
        start, end = (int((AT + timedelta(hours=hours)).timestamp()) for hours in (rng.choice([-99, -1]), 1))
        return Draft(
            holder.public_key,
            serial=rng.randrange(4),
            kind=rng.choice([1, 1, 1, 1, 1, 1, 2]),
            key_id=rng.choice([b"id", b"other"]),
            names=pack_list(*(name.encode() for name in rng.sample([*PEOPLE, "x y"], rng.choice([0, 2, 3, 4])))),
            valid_after=start,
            valid_before=end if rng.random() < 0.5 else 2**64 - 1,
            critical=rng.choice([b""] * 6 + [pack_pairs((b"verify-required", b""))]),
        ).signed_by(authority)

    def line(self, holder: RawSigner, authority: RawSigner) -> str:
        rng = self.rng
        who = ",".join(rng.sample([*PEOPLE, *PEOPLE, "*", "*@example.com", f"!{PEOPLE[1]}"], rng.randrange(1, 4)))
        is_authority = rng.random() < 0.5
        options = {
            "cert-authority" if is_authority else "",
            rng.choice([""] * 4 + ['namespaces="git"', 'namespaces="x"']),
        }
        options.add(rng.choice(["", "", "", 'valid-before="20260615113000Z"', 'valid-after="20260615113000Z"']))
        key = rng.choice([*[authority if is_authority else holder] * 6, holder, rng.choice(self.holders)]).public_key
        return " ".join(filter(None, [who, ",".join(sorted(options - {""})), key.line])) + "\n"

    def revoked(self, holder: RawSigner, authority: RawSigner) -> bytes | None:
        rng = self.rng
        kind = rng.randrange(16)
        if kind == 0:
            return rng.choice([holder, authority, *self.holders]).public_key.line.encode() + b"\n"
        if kind == 1:
            return self.krl(authority)
        return None if kind < 15 else rng.choice([b"", b"nonsense", b"SSHKRL\n\0"])

    def krl(self, authority: RawSigner) -> bytes:
        directory = self.keygen.directory
        (directory / "ca.pub").write_text(f"{authority.public_key.line}\n")
        (directory / "spec").write_text(self.rng.choice(["serial: 1-2\n", "id: other\n", "serial: 3\n"]))
        command = ["ssh-keygen", "-q", "-k", "-f", directory / "krl", "-s", directory / "ca.pub", directory / "spec"]
        subprocess.run(command, check=True, capture_output=True)
        return (directory / "krl").read_bytes()


def text(blob: bytes) -> str:
    return f"-----BEGIN SSH SIGNATURE-----\n{b64encode(blob).decode()}\n-----END SSH SIGNATURE-----\n"


def openssh_accepts(keygen, case: Case) -> bool:
    options = ["-O", f"verify-time={case.at:%Y%m%d%H%M%SZ}"]
    if case.revoked is not None:
        path = keygen.directory / "revoked"
        path.write_bytes(case.revoked)
        options += ["-r", str(path)]
    return keygen.accepts(case.signers, case.principal, case.namespace, case.armored, case.message, *options)


def compare(keygen, signers, seed: int, count: int) -> None:
    world = World(signers, keygen, seed)
    accepted = 0
    for _ in range(count):
        case = world.case()
        ours, theirs = refusal(case), openssh_accepts(keygen, case)
        assert theirs or ours is not None, f"accepted what ssh-keygen refuses: {case}"
        assert not theirs or ours is None or ours_is_stricter(ours), f"{ours}: {case}"
        accepted += ours is None
    assert count / 8 < accepted < count * 7 / 8, f"{accepted}: the cases no longer tell anything apart"


def ours_is_stricter(reason: str) -> bool:
    return any(known in reason for known in STRICTER)


def test_random_cases_are_decided_as_by_ssh_keygen(keygen, signers):
    compare(keygen, signers, seed=50, count=300)


@pytest.mark.slow
def test_many_random_cases_are_decided_as_by_ssh_keygen(keygen, signers):
    compare(keygen, signers, seed=51, count=1_200)


class StockGit:
    """`git verify-tag` in a repository of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.run("init", "-q")
        self.run("config", "gpg.format", "ssh")
        self.run("config", "gpg.ssh.allowedSignersFile", str(directory / "signers"))

    def run(self, *arguments: str, stdin: bytes = b"", check: bool = True) -> subprocess.CompletedProcess[bytes]:
        command = ["git", "-C", str(self.directory), *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, check=check)

    def accepts(self, case: Case) -> bool:
        (self.directory / "signers").write_text(case.signers)
        self.run("config", "--unset", "gpg.ssh.revocationFile", check=False)
        if case.revoked is not None:
            (self.directory / "revoked").write_bytes(case.revoked)
            self.run("config", "gpg.ssh.revocationFile", str(self.directory / "revoked"))
        raw = case.message + case.armored.encode()
        oid = self.run("hash-object", "-t", "tag", "-w", "--literally", "--stdin", stdin=raw).stdout.decode().strip()
        return self.run("verify-tag", oid, check=False).returncode == 0


def tag_bytes(at: datetime) -> bytes:
    tagger = f"tagger A <a@example.com> {int(at.timestamp())} +0000"
    return f"object {OID}\ntype tree\ntag v1\n{tagger}\n\nmessage\n".encode()


def compare_with_git(keygen, signers, stock: StockGit, seed: int, count: int) -> None:
    """git asks for nobody in particular: some person must be found."""
    world = World(signers, keygen, seed)
    accepted = 0
    for _ in range(count):
        at = AT + timedelta(hours=world.rng.choice([-48, 0, 0, 0, 48]))
        case = world.case("git", tag_bytes(at))
        ours = found(case, at)
        assert not ours or stock.accepts(case), f"accepted what git refuses: {case}"
        accepted += bool(ours)
    assert count / 10 < accepted, f"{accepted}: the cases no longer tell anything apart"


def found(case: Case, at: datetime) -> frozenset[Principal]:
    try:
        key = verify(parse_signature(case.armored), case.message, "git")
        revoked = case.revoked is not None and Revocations.parse(case.revoked).revoked(key)
    except (FormatError, VerificationError):
        return frozenset()
    return frozenset() if revoked else AllowedSigners.parse(case.signers.encode()).principals_of(key, "git", at)


@pytest.fixture
def stock(tmp_path) -> StockGit:
    directory = tmp_path / "stock"
    directory.mkdir()
    return StockGit(directory)


def test_whoever_we_find_git_finds_too(keygen, signers, stock):
    compare_with_git(keygen, signers, stock, seed=52, count=120)


@pytest.mark.slow
def test_whoever_we_find_in_many_cases_git_finds_too(keygen, signers, stock):
    compare_with_git(keygen, signers, stock, seed=53, count=600)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('bob@example.com namespaces="file" {key}\nalice@example.com {key}\n', False),
        ('alice@example.com namespaces="file" {key}\nalice@example.com {key}\n', True),
        ('bob@example.com valid-before="20200101Z" {key}\nalice@example.com {key}\n', True),
        ("bob@example.com cert-authority {key}\nalice@example.com {key}\n", True),
        (",alice@example.com {key}\n", False),
    ],
)
def test_git_asks_only_whom_the_first_line_with_the_key_names(signers, public, stock, lines: str, expected: bool):
    """A limit of git's, kept here so that it never refuses what we accept."""
    message = tag_bytes(AT)
    raw = RawSigner(signers["ed25519"]).sign_raw
    armored = build_signature(public["ed25519"], raw, message, "git")
    case = Case(armored, lines.format(key=public["ed25519"].line), None, PEOPLE[0], "git", AT, message)
    assert stock.accepts(case) is expected
    assert bool(found(case, AT)) is expected
