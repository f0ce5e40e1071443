"""Records of the keys of sealed stores: one spelling each, and nothing in them that is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest
from format_strategies import UUID, golden, mutated, only_gitreg_errors, registries
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.key_id import KeyId
from gitreg.core.registry_id import RegistryId
from gitreg.core.store_key import MAX_EPOCH, KeyRecord, KeyStatement, format_record, parse_record
from gitreg.errors import FormatError

FOLDER = Path(__file__).parent / "golden"
SIGNATURE = "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n"
STATEMENT = KeyStatement(RegistryId(UUID), KeyId("a" * 32), KeyId("b" * 32), 2, (b"share one", b"two"), b"members")
VALID = format_record(KeyRecord(STATEMENT, SIGNATURE))

key_ids = st.binary(min_size=16, max_size=16).map(lambda data: KeyId(data.hex()))
shares = st.binary(min_size=1, max_size=80)
statements = st.builds(
    KeyStatement,
    registries,
    key_ids,
    key_ids,
    st.integers(0, MAX_EPOCH),
    st.lists(shares, min_size=1, max_size=3).map(tuple),
    shares,
)


def test_golden_record():
    """A store that an older gitreg sealed could not be opened any more."""
    golden(FOLDER / "store-key-1.txt", VALID)
    assert parse_record(VALID) == KeyRecord(STATEMENT, SIGNATURE)


@given(statements)
def test_round_trip(statement):
    """A key would be lost between the admin who wrote it and everybody else."""
    record = KeyRecord(statement, SIGNATURE)
    assert parse_record(format_record(record)) == record


@given(statements, statements)
def test_two_statements_never_share_their_bytes(one, other):
    """A signature over one key would serve for another."""
    assert (one == other) == (one.canonical() == other.canonical())


@given(st.data())
def test_what_is_parsed_is_all_that_stands_there(data):
    """Something in a record would be read by one program and passed over by another."""
    text = data.draw(st.binary(max_size=100)) if data.draw(st.booleans()) else mutated(data.draw, VALID)
    record = only_gitreg_errors(lambda: parse_record(text))
    assert record is None or format_record(record) == text


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        VALID.replace(b"gitreg-store-key 1", b"gitreg-store-key 2"),
        VALID.replace(b"epoch 2", b"epoch 02"),
        VALID.replace(b"epoch 2", b"epoch 9999999999"),
        VALID.replace(b"b" * 32, b"b" * 31),
        VALID.replace(b"dHdv", b"dHdw="),
        VALID.partition(b"-----BEGIN")[0],
        VALID + b"\xff",
        VALID.replace(b"\nepoch", b"\n" + b"x" * (1 << 20) + b"\nepoch"),
    ],
)
def test_what_is_no_record_is_refused(bad):
    """A version of the format, or a number, that this program does not know would be taken for one that it does."""
    with pytest.raises(FormatError):
        parse_record(bad)
