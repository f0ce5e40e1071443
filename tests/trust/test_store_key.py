"""Who may vouch for the keys of a sealed store: admins, for this registry, over exactly this record."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from registry_builder import NOW, REGISTRY, key_of

from gitreg.core.key_id import KeyId
from gitreg.core.names import Principal
from gitreg.core.policy import parse_policy
from gitreg.core.registry_id import RegistryId
from gitreg.core.store_key import STORE_KEY_NAMESPACE, KeyRecord, KeyStatement
from gitreg.errors import GitregError, VerificationError
from gitreg.trust.allowed_signers import AllowedSigners, format_line
from gitreg.trust.sshsig import sign
from gitreg.trust.store_key import check_store_key, sign_store_key

POLICY = parse_policy(
    b'format = 1\nepoch = 1\nbranch = "main"\n[roles]\nlead = ["ada"]\nother = ["bob"]\n[admins]\nfrom = ["lead"]\n'
)
AT = datetime.fromtimestamp(NOW, UTC)
SIGNERS = AllowedSigners.parse(
    "".join(format_line([Principal(who)], key_of(who).public_key) for who in ("ada", "bob")).encode()
)
STATEMENT = KeyStatement(REGISTRY, KeyId("a" * 32), KeyId("b" * 32), 2, (b"share",), b"members")
RECORD = sign_store_key(STATEMENT, key_of("ada"), POLICY, SIGNERS, AT)


def test_an_admin_vouches():
    assert check_store_key(RECORD, REGISTRY, POLICY, SIGNERS, AT) == "ada"


@pytest.mark.parametrize("who", ["bob", "mallory"])
def test_nobody_else_does(who: str):
    """Anybody with any key could hand out a key of their own, and read what is uploaded with it."""
    with pytest.raises(VerificationError, match="may not vouch"):
        sign_store_key(STATEMENT, key_of(who), POLICY, SIGNERS, AT)
    forged = KeyRecord(STATEMENT, sign(key_of(who), STATEMENT.canonical(), STORE_KEY_NAMESPACE))
    with pytest.raises(VerificationError, match="may not vouch"):
        check_store_key(forged, REGISTRY, POLICY, SIGNERS, AT)


@pytest.mark.parametrize(
    "change",
    [
        {"registry": RegistryId(REGISTRY.replace("6", "7"))},
        {"root": KeyId("c" * 32)},
        {"key": KeyId("c" * 32)},
        {"epoch": 3},
        {"shares": (b"share", b"another")},
        {"members": b"other"},
    ],
)
def test_a_signature_is_over_all_of_the_record(change):
    """A share could be added, or an old key be made the newest, by whoever holds the store."""
    with pytest.raises(VerificationError):
        check_store_key(KeyRecord(STATEMENT._replace(**change), RECORD.signature), REGISTRY, POLICY, SIGNERS, AT)


def test_no_changed_byte_of_the_signature_survives():
    for position in range(len(RECORD.signature)):
        bad = bytearray(RECORD.signature.encode())
        bad[position] ^= 1
        with pytest.raises(GitregError):
            check_store_key(KeyRecord(STATEMENT, bad.decode("latin-1")), REGISTRY, POLICY, SIGNERS, AT)


def test_a_record_of_another_registry_does_not_count_here():
    """An admin of two registries could be led to share one's bytes with the other's people."""
    other = RegistryId(REGISTRY.replace("6", "7"))
    record = sign_store_key(STATEMENT._replace(registry=other), key_of("ada"), POLICY, SIGNERS, AT)
    with pytest.raises(VerificationError, match="registry"):
        check_store_key(record, REGISTRY, POLICY, SIGNERS, AT)


@pytest.mark.parametrize("namespace", ["git", "gitreg-policy"])
def test_a_signature_for_another_purpose_does_not_count(namespace: str):
    record = KeyRecord(STATEMENT, sign(key_of("ada"), STATEMENT.canonical(), namespace))
    with pytest.raises(VerificationError, match="another purpose"):
        check_store_key(record, REGISTRY, POLICY, SIGNERS, AT)


def test_a_key_allowed_for_other_purposes_only_does_not_count():
    narrow = AllowedSigners.parse(format_line([Principal("ada")], key_of("ada").public_key, ["git"]).encode())
    with pytest.raises(VerificationError, match="may not vouch"):
        check_store_key(RECORD, REGISTRY, POLICY, narrow, AT)


def test_an_admin_who_left_vouches_no_more():
    with pytest.raises(VerificationError, match="may not vouch"):
        check_store_key(RECORD, REGISTRY, POLICY._replace(roles={**POLICY.roles, "lead": ()}), SIGNERS, AT)
