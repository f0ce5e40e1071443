"""Making and reading one approval."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from registry_builder import NOW, PRODUCTION, key_of, new_registry

from gitreg.core.decision_file import DecisionFile, format_decision, parse_decision
from gitreg.core.names import Principal
from gitreg.core.policy_rules import ApprovalRule
from gitreg.core.request import PromotionRequest, request_of
from gitreg.errors import SigningError, VerificationError
from gitreg.trust.allowed_signers import AllowedSigners
from gitreg.trust.approval import Party, approve, check_approval, check_counts
from gitreg.trust.signer import Signer
from gitreg.trust.sshsig import HashAlgorithm, SshSignature, parse_blob

BOB = Principal("bob")
AT = datetime.fromtimestamp(NOW, UTC)


def a_request() -> PromotionRequest:
    registry = new_registry()
    registry.register()
    return request_of(registry.assignment("v1.0.0", PRODUCTION), registry.commit("v1.0.0"))


REQUEST = a_request()
SIGNERS = AllowedSigners.parse(new_registry().signers.encode())
RECORD = approve(REQUEST, BOB, key_of("bob"), AT)


def test_an_approval_survives_its_way_through_a_file():
    """Approvals could not be sent to the promoter."""
    record = parse_decision(format_decision(DecisionFile(REQUEST, RECORD))).decision
    assert check_approval(record, REQUEST, SIGNERS, AT) == key_of("bob").public_key


def test_expiry_is_written_in_utc():
    """Whoever approves in Auckland would approve for half a day more or less."""
    local = datetime(2026, 12, 1, 13, 0, tzinfo=timezone(timedelta(hours=13)))
    assert approve(REQUEST, BOB, key_of("bob"), local).expires == "2026-12-01T00:00:00Z"
    assert approve(REQUEST, BOB, key_of("bob"), None).expires == "never"


def test_it_holds_to_the_second():
    """Its end would depend on rounding."""
    check_approval(RECORD, REQUEST, SIGNERS, AT)
    with pytest.raises(VerificationError, match="had expired"):
        check_approval(RECORD, REQUEST, SIGNERS, AT + timedelta(seconds=1))


def test_a_tags_signature_is_no_approval():
    """Whoever can make somebody sign a tag with chosen text would have their approval."""
    signature = parse_blob(base64.b64decode(RECORD.signature))
    other = SshSignature(signature.public_key, "git", HashAlgorithm.SHA512, signature.raw)
    record = RECORD._replace(signature=base64.b64encode(other.blob).decode())
    with pytest.raises(VerificationError, match="another purpose"):
        check_approval(record, REQUEST, SIGNERS, AT)


def test_a_signer_that_uses_another_key_is_caught():
    """An agent that mixes up its keys would make approvals that count for nobody."""

    class Confused(Signer):
        public_key = key_of("bob").public_key

        def sign(self, message: bytes, namespace: str) -> str:
            return key_of("carol").sign(message, namespace)

    with pytest.raises(SigningError, match="another key"):
        approve(REQUEST, BOB, Confused(), None)


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_no_flipped_bit_survives(place, bit):
    """A forged approval would count."""
    blob = bytearray(base64.b64decode(RECORD.signature))
    blob[place % len(blob)] ^= 1 << bit
    record = RECORD._replace(signature=base64.b64encode(bytes(blob)).decode())
    with pytest.raises(VerificationError):
        check_approval(record, REQUEST, SIGNERS, AT)


@given(st.text("ABCab+/=01", max_size=80))
def test_any_text_is_a_signature_or_refused(text):
    """A malformed approval would crash the promoter."""
    with pytest.raises(VerificationError):
        check_approval(RECORD._replace(signature=text), REQUEST, SIGNERS, AT)


@given(st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", fullmatch=True))
def test_any_date_is_one_or_refused(expires):
    """An impossible date would never have passed."""
    with pytest.raises(VerificationError):
        check_approval(RECORD._replace(expires=expires), REQUEST._replace(n=2), SIGNERS, AT)


def test_no_role_means_no_count():
    """An empty list of roles would let everybody approve."""
    policy = new_registry().facts().current_policy
    party = Party(BOB, key_of("bob").public_key)
    with pytest.raises(VerificationError, match="no role"):
        check_counts(party, ApprovalRule(1, ()), policy, [], [])
    check_counts(party, ApprovalRule(1, ("reviewer",)), policy, [], [])
