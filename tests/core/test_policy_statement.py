"""Policy statements and the file that carries their signatures."""

from __future__ import annotations

from pathlib import Path

import pytest
from format_strategies import UUID, digests, golden, mutated, only_gitreg_errors, principals, registries, signatures
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.digest import Digest
from gitreg.core.names import Principal
from gitreg.core.policy_signatures import (
    MAX_BYTES,
    PolicySignature,
    PolicySignatures,
    format_signatures,
    parse_signatures,
)
from gitreg.core.policy_statement import PolicyDigests, PolicyStatement
from gitreg.core.registry_id import RegistryId
from gitreg.errors import FormatError

FOLDER = Path(__file__).parent / "golden"
ROOT = PolicyStatement(RegistryId(UUID), 1, PolicyDigests(Digest("a" * 64), Digest("b" * 64)))
CHANGE = PolicyStatement(
    RegistryId(UUID), 2, PolicyDigests(Digest("c" * 64), Digest("b" * 64), Digest("d" * 64)), ROOT.files
)
SIGNED = (PolicySignature(Principal("bob@example.com"), "U1NIU0lH"), PolicySignature(Principal("ada"), "QUJD"))

file_digests = st.builds(PolicyDigests, *[st.none() | digests] * 3)
statements = st.builds(PolicyStatement, registries, st.integers(0, 2**63), file_digests, file_digests)
signed = st.lists(st.builds(PolicySignature, principals, signatures), min_size=1, max_size=4)


def test_golden_statements():
    """Signatures given before an upgrade would not count after it, and pinned roots would not match."""
    golden(FOLDER / "policy-statement-1.txt", CHANGE.canonical())
    golden(FOLDER / "policy-root-1.txt", ROOT.canonical())
    assert str(ROOT.fingerprint) == f"blake3:{Digest.of(ROOT.canonical()).hex}"


def test_golden_signatures():
    """Admins with another release of gitreg could not add their signature."""
    data = format_signatures(CHANGE, SIGNED)
    golden(FOLDER / "policy-signatures-1.txt", data)
    assert parse_signatures(data) == PolicySignatures(CHANGE.canonical(), SIGNED)


@given(statements, signed)
def test_round_trip(statement, who):
    """A signature would get lost between the admins who sign in turn."""
    file = parse_signatures(format_signatures(statement, who))
    assert file.on(statement) == tuple(who)


@given(statements, statements, signed)
def test_two_statements_never_share_their_bytes(one, other, who):
    """A signature over one change would serve for another."""
    assert (one == other) == (one.canonical() == other.canonical())
    if one != other:
        assert parse_signatures(format_signatures(one, who)).on(other) == ()


@pytest.mark.parametrize("name", PolicyStatement._fields)
def test_every_field_is_signed(name):
    """A signature could be replayed where only this differs."""
    other = {"registry": RegistryId("f" + UUID[1:]), "epoch": 3, "files": ROOT.files, "previous": CHANGE.files}
    assert CHANGE._replace(**{name: other[name]}).canonical() != CHANGE.canonical()


@pytest.mark.parametrize("name", PolicyDigests._fields)
def test_every_file_is_signed(name):
    """Keys could be slipped in beside a policy that the admins did sign."""
    changed = CHANGE.files._replace(**{name: Digest("f" * 64)})
    assert CHANGE._replace(files=changed).canonical() != CHANGE.canonical()
    assert CHANGE._replace(files=CHANGE.files._replace(**{name: None})).canonical() != CHANGE.canonical()


VALID = format_signatures(CHANGE, SIGNED)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        VALID[:-1],
        VALID + b"\n",
        VALID + VALID,
        VALID.replace(b"\n", b"\r\n"),
        VALID.replace(b"gitreg-policy 1", b"gitreg-policy 2"),
        VALID.replace(b"\n\nprincipal", b"\nprincipal"),
        VALID.replace(b"principal ada\n", b""),
        VALID.replace(b"principal ada", b"principal *"),
        VALID.replace(b"principal ada", b"principal a\x00da"),
        VALID.replace(b"principal ada", "principal adá".encode()),
        VALID.replace(b"signature QUJD", b"signature -"),
        VALID.replace(b"epoch 2", b"epoch -2"),
        VALID.replace(b"previous-revoked none\n", b""),
        CHANGE.canonical() + b"\n",
        VALID.replace(b"QUJD", b"Q" * MAX_BYTES),
    ],
)
def test_other_forms_are_refused(data):
    """What one reader counts and another does not would split the registry."""
    with pytest.raises(FormatError) as caught:
        parse_signatures(data)
    assert caught.value.hint


@given(st.data())
def test_any_bytes_are_signatures_or_refused(data):
    """Anybody who can push a commit could crash every reader."""
    text = data.draw(st.binary(max_size=100)) if data.draw(st.booleans()) else mutated(data.draw, VALID)
    file = only_gitreg_errors(lambda: parse_signatures(text))
    assert file is None or file.statement in text
