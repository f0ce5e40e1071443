"""Keys of sealed stores: only recipients open them, and only as what they are."""

from __future__ import annotations

import base64
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.registry_id import RegistryId
from gitreg.core.store_key import KeyRecord
from gitreg.errors import RefusedError, UsageError
from gitreg.storage.remote.sealing import cipher
from gitreg.storage.remote.sealing.identity import Identity, Recipient
from gitreg.storage.remote.sealing.records import found_sealed_store, put_record, read_records
from gitreg.storage.remote.sealing.ring import DataKey, SealedError, close_key, members_of, open_key, open_ring
from tests.storage.remote.counted import CountedDriver

REGISTRY = RegistryId("6c0e2a9d-1f7b-4a58-9a51-0d3c5b7e9f10")
SIGNATURE = "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n"
ANN, BOB, EVE = Identity.new(), Identity.new(), Identity.new()
PEOPLE = (ANN.recipient("ann@example.com"), BOB.recipient())
ROOT = DataKey.new()
STATEMENT = close_key(ROOT, REGISTRY, ROOT.id, 1, PEOPLE)


@pytest.mark.parametrize("identity", [ANN, BOB])
def test_each_recipient_opens_the_key_and_knows_the_others(identity):
    """Somebody could not read, or the next admin would leave somebody out."""
    assert open_key(STATEMENT, identity) == ROOT
    assert members_of(STATEMENT, ROOT) == PEOPLE


def test_nobody_else_opens_it():
    assert open_key(STATEMENT, EVE) is None
    with pytest.raises(SealedError, match="not for x25519:") as refused:
        open_ring([STATEMENT], ROOT.id, EVE)
    assert "gitreg identity" in str(refused.value.hint)


def test_a_share_opens_for_its_own_key_registry_and_store_only():
    """Whoever holds two stores could hand out one's key as the other's."""
    other = DataKey.new()
    for changed in (
        STATEMENT._replace(root=other.id),
        STATEMENT._replace(key=other.id),
        STATEMENT._replace(registry=RegistryId(REGISTRY.replace("6", "7"))),
    ):
        assert open_key(changed, ANN) is None


def test_every_bit_of_a_share_counts():
    share = STATEMENT.shares[0]
    for position in range(len(share)):
        bad = bytearray(share)
        # X25519 ignores the highest bit of a point, but the key of the share covers it
        bad[position] ^= 0x80
        assert open_key(STATEMENT._replace(shares=(bytes(bad),)), ANN) is None
    for length in range(len(share)):
        assert open_key(STATEMENT._replace(shares=(share[:length],)), ANN) is None


def test_a_key_under_another_s_id_is_none():
    """A recipient could replace a key behind the others' backs: its id would stay, and be trusted."""
    mine = DataKey(ROOT.id, cipher.new_secret())
    assert open_key(close_key(mine, REGISTRY, ROOT.id, 1, PEOPLE), ANN) is None


def test_damaged_members_are_noticed():
    members = bytearray(STATEMENT.members)
    members[-1] ^= 1
    with pytest.raises(SealedError, match="damaged"):
        members_of(STATEMENT._replace(members=bytes(members)), ROOT)


def test_a_ring_has_what_the_identity_opens_and_names_what_it_does_not():
    newer = DataKey.new()
    ring = open_ring([STATEMENT, close_key(newer, REGISTRY, ROOT.id, 2, [PEOPLE[1]])], ROOT.id, ANN)
    assert (ring.root, ring.keys, ring.closed) == (ROOT, (ROOT,), {newer.id})


def test_a_store_without_its_root_is_another_one():
    with pytest.raises(SealedError, match="has no key"):
        open_ring([], ROOT.id, ANN)


def test_no_secret_is_in_what_a_traceback_shows():
    shown = repr(ROOT) + repr(ANN) + repr(open_ring([STATEMENT], ROOT.id, ANN))
    assert repr(ROOT.secret)[2:-1] not in shown
    assert "X25519PrivateKey" not in shown


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20))
def test_recipients_round_trip(name):
    recipient = ANN.recipient(name)
    assert Recipient.parse(str(recipient)) == recipient


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "x25519:",
        "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
        "x25519:" + base64.b64encode(bytes(32)).decode(),
        "x25519:" + base64.b64encode(bytes([1, *bytes(31)])).decode(),
        f"{PEOPLE[1]}\n{PEOPLE[1]}",
        f"{PEOPLE[1].public[:-2]}B=",
        f"{PEOPLE[1]} \x1b[31m",
    ],
    ids=["empty", "bare", "age", "zero", "low order", "two", "cut", "colour"],
)
def test_what_is_no_recipient_is_refused(bad):
    """A point of low order among the recipients would open the store for everybody."""
    with pytest.raises(UsageError):
        Recipient.parse(bad)


def test_identities_are_what_openssl_makes(tmp_path):
    """Whoever keeps keys in other tools could not use theirs."""
    path = tmp_path / "identity"
    subprocess.run(["openssl", "genpkey", "-algorithm", "X25519", "-out", path], check=True)
    identity = Identity.from_pem(path.read_bytes())
    assert identity is not None
    assert identity.pem() == path.read_bytes()
    assert Identity.from_pem(b"") is None
    ed25519 = subprocess.run(["openssl", "genpkey", "-algorithm", "ED25519"], check=True, capture_output=True).stdout
    assert Identity.from_pem(ed25519) is None


@pytest.fixture
def driver():
    return CountedDriver()


def record(statement=STATEMENT):
    return KeyRecord(statement, SIGNATURE)


def test_records_are_found_again_and_strangers_passed_over(driver):
    """One file that somebody puts into the store would lock everybody out."""
    found_sealed_store(driver, record())
    elsewhere = DataKey.new()
    put_record(driver, record(close_key(elsewhere, REGISTRY, elsewhere.id, 1, PEOPLE)))
    driver.put("keys/note.txt", b"hello")
    driver.put("keys/copy", driver.get(f"keys/{ROOT.id}"))
    driver.put("keys/large", b"gitreg-store-key 1\n" + bytes(2 << 20))
    assert read_records(driver, ROOT.id) == (record(),)


def test_a_store_is_sealed_from_its_beginning(driver):
    """Objects that were there in the clear would seem to be protected."""
    driver.put("objects/ab/abc", b"x")
    with pytest.raises(RefusedError, match="there is a store"):
        found_sealed_store(driver, record())
    driver.delete(["objects/ab/abc"])
    driver.put("format", b"gitreg-store 1\n")
    with pytest.raises(RefusedError, match="there is a store"):
        found_sealed_store(driver, record())


def test_founding_a_store_can_be_killed_and_run_again(driver):
    put_record(driver, record())
    found_sealed_store(driver, record())
    found_sealed_store(driver, record())
    assert driver.get("format") == b"gitreg-store 1 sealed\n"
