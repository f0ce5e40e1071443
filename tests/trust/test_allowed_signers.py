"""allowed_signers decides whose signature counts: compared with ssh-keygen line by line, and never more generous."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.names import Principal
from gitreg.errors import FormatError
from gitreg.trust.allowed_signers import MAX_FILE, AllowedSigners, format_line

ALICE, BOB = Principal("alice@example.com"), Principal("bob@example.com")
AT = datetime(2026, 6, 15, 12, 0, 0, tzinfo=UTC)
MESSAGE = b"message"


def parse(text: str) -> AllowedSigners:
    return AllowedSigners.parse(text.encode())


class Oracle:
    """Whether ssh-keygen counts a good signature by the ed25519 key, whatever the file says."""

    def __init__(self, keygen, keys) -> None:
        self._keygen = keygen
        self._signatures = {name: keygen.sign(keys["ed25519"], MESSAGE, name) for name in ("git", "file")}

    def accepts(self, text: str, principal: str, namespace: str, at: datetime) -> bool:
        option = f"verify-time={at:%Y%m%d%H%M%SZ}"
        signature = self._signatures[namespace]
        return self._keygen.accepts(text, principal, namespace, signature, MESSAGE, "-O", option)


@pytest.fixture
def oracle(keygen, keys) -> Oracle:
    return Oracle(keygen, keys)


SAME_AS_OPENSSH = [
    ("alice@example.com {key}", True),
    ("alice@example.com {key} a comment", True),
    ("  alice@example.com\t{key}\r", True),
    ('"alice@example.com" {key}', True),
    ("bob@example.com {key}", False),
    ("bob@example.com,alice@example.com {key}", True),
    ("*@example.com {key}", True),
    ("*@example.com,!alice@example.com {key}", False),
    ("alice@example.co? {key}", True),
    ("ALICE@example.com {key}", False),
    ("# alice@example.com {key}", False),
    ("alice@example.com", False),
    ("alice@example.com {other}", False),
    ("alice@example.com {other}\nalice@example.com {key}", True),
    ("alice@example.com nonsense\nalice@example.com {key}", True),
    ('alice@example.com namespaces="git" {key}', True),
    ('alice@example.com NAMESPACES="git" {key}', True),
    ('alice@example.com namespaces="file,g*" {key}', True),
    ('alice@example.com namespaces="*,!git" {key}', False),
    ('alice@example.com namespaces="file" {key}', False),
    ('alice@example.com namespaces="Git" {key}', False),
    ('alice@example.com namespaces="" {key}', False),
    ("alice@example.com namespaces=git {key}", False),
    ('alice@example.com namespaces="git {key}', False),
    ('alice@example.com namespaces="git",namespaces="git" {key}', False),
    ("alice@example.com cert-authority {key}", False),
    ('alice@example.com CERT-Authority,namespaces="git" {key}', False),
    ("alice@example.com no-such-option {key}", False),
    ('alice@example.com valid-after="20260615Z" {key}', True),
    ('alice@example.com valid-after="202606151200Z" {key}', True),
    ('alice@example.com valid-after="20260615120001Z" {key}', False),
    ('alice@example.com valid-before="20260615120000Z" {key}', True),
    ('alice@example.com valid-before="20260615115959Z" {key}', False),
    ('alice@example.com valid-before="20260615Z" {key}', False),
    ('alice@example.com valid-after="20260101Z",valid-before="20270101Z",namespaces="git" {key}', True),
    ('alice@example.com valid-after="20270101Z",valid-before="20260101Z" {key}', False),
    ('alice@example.com valid-after="2026-01-01Z" {key}', False),
    ('alice@example.com valid-after="" {key}', False),
    ('*,!al"ice@example.com" {key}', False),
    ('*,!alice@example.com" {key}', False),
]


@pytest.mark.parametrize(("text", "allowed"), SAME_AS_OPENSSH)
def test_lines_mean_what_they_mean_to_openssh(oracle, public, text: str, allowed: bool):
    text = text.format(key=public["ed25519"].line, other=public["p256"].line) + "\n"
    assert oracle.accepts(text, ALICE, "git", AT) is allowed
    assert parse(text).allows(ALICE, public["ed25519"], "git", AT) is allowed


STRICTER_THAN_OPENSSH = [
    ('alice@example.com valid-after="20260101" {key}', "UTC"),
    ('alice@example.com valid-after="20260231Z" {key}', "does not exist"),
    ('alice@example.com ,namespaces="git" {key}', "cannot be read"),
    ('alice@example.com namespaces="git\\"" {key}', "quote left open"),
    ('alice@example.com namespaces="g\\it" {key}', "cannot be read"),
    ('alice"@example.com" {key}', "plain ASCII"),
    ("alice@example.com,müller@example.com {key}", "plain ASCII"),
    ('"alice@example.com,Bob Builder" {key}', "not a principal"),
    ("alice@example.com cert-authority,cert-authority {key}", "cert-authority twice"),
    (",alice@example.com cert-authority {key}", "not a principal"),
    ("alice@example.com ssh-dss AAAAB3NzaC1kc3M=", "not supported"),
]


@pytest.mark.parametrize(("line", "reason"), STRICTER_THAN_OPENSSH)
def test_a_line_that_is_not_understood_grants_nothing_breaks_nothing_and_is_reported(public, line: str, reason: str):
    key = public["ed25519"]
    signers = parse(f"{line.format(key=key.line)}\nbob@example.com {public['p256'].line}\n")
    assert signers.principals_of(key, "git", AT) == frozenset()
    assert not signers.allows(ALICE, key, "git", AT)
    assert signers.allows(BOB, public["p256"], "git", AT)
    assert [problem.line for problem in signers.problems] == [1]
    assert reason in str(signers.problems[0])


def random_file(rng: random.Random, public) -> str:
    principals = ["alice@example.com", "bob@example.com", "*", "*@example.com", "!alice@example.com", "alice*", "?ob@*"]
    options = ["", 'namespaces="git"', 'namespaces="file,!git"', 'namespaces="*"', "cert-authority", "foo", 'x="']
    times = ["20260614Z", "20260616Z", "202606151200Z", "20260615115959Z", "20260615120001Z", "20261301Z", "2026Z"]
    lines = []
    for _ in range(rng.randrange(1, 4)):
        who = ",".join(rng.sample(principals, rng.randrange(1, 4)))
        chosen = {
            rng.choice(options),
            rng.choice(["", "", f'valid-{rng.choice(["after", "before"])}="{rng.choice(times)}"']),
        }
        key = public[rng.choice(["ed25519", "ed25519", "ed25519", "rsa"])].line
        lines.append(" ".join(part for part in (who, ",".join(sorted(chosen - {""})), key) if part))
    return "\n".join(lines) + "\n"


def compare_with_openssh(oracle, public, count: int) -> None:
    rng, key, allowed = random.Random(22), public["ed25519"], 0
    for _ in range(count):
        text = random_file(rng, public)
        principal, namespace = rng.choice([ALICE, BOB]), rng.choice(["git", "file"])
        ours = parse(text).allows(principal, key, namespace, AT)
        assert ours is oracle.accepts(text, principal, namespace, AT), text
        allowed += ours
    assert count / 10 < allowed < count * 9 / 10, "the files no longer tell anything apart"


def test_random_files_mean_what_they_mean_to_openssh(oracle, public):
    compare_with_openssh(oracle, public, 150)


@pytest.mark.slow
def test_many_random_files_mean_what_they_mean_to_openssh(oracle, public):
    compare_with_openssh(oracle, public, 1500)


def test_a_wildcard_allows_a_person_but_names_nobody(public):
    key = public["ed25519"]
    signers = parse(f"*@example.com,carol {key.line}\nalice@example.com,bob@example.com,!bob@* {key.line}\n")
    assert signers.allows(BOB, key, "git", AT)
    assert signers.principals_of(key, "git", AT) == {Principal("carol"), ALICE}


def test_one_person_has_several_keys_and_one_key_several_lines(public):
    first, second = public["ed25519"], public["rsa"]
    lines = [f'{ALICE} namespaces="git" {first.line}', f"{ALICE} {second.line}", f"{BOB} {first.line}"]
    signers = parse("\n".join(lines))
    assert signers.principals_of(first, "git", AT) == {ALICE, BOB}
    assert signers.principals_of(first, "gitreg-policy", AT) == frozenset(), "git would ask about Alice alone"
    assert signers.allows(BOB, first, "gitreg-policy", AT)
    assert signers.principals_of(second, "gitreg-approval", AT) == {ALICE}
    assert signers.principals_of(public["p521"], "git", AT) == frozenset()


def test_the_line_that_init_writes_reads_back_and_serves_stock_openssh(oracle, public):
    key = public["ed25519"]
    text = format_line([ALICE, BOB], key)
    signers = parse(text)
    assert not signers.problems
    for namespace in ("git", "gitreg-approval"):
        assert signers.principals_of(key, namespace, AT) == {ALICE, BOB}
    assert oracle.accepts(text, ALICE, "git", AT)
    assert not oracle.accepts(text, ALICE, "file", AT)
    assert not signers.allows(ALICE, key, "file", AT)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_file_with_problems(data: bytes):
    """A hostile file must not stop the reading of everyone's signatures with a crash."""
    signers = AllowedSigners.parse(data)
    assert len(signers.problems) <= data.count(b"\n") + 1


def test_an_absurdly_large_file_is_refused():
    with pytest.raises(FormatError, match="limit"):
        AllowedSigners.parse(b"#" * (MAX_FILE + 1))
