"""Promotion requests, and the approvals, rejections and withdrawals that sign them."""

from __future__ import annotations

from pathlib import Path

import pytest
from format_strategies import (
    UUID,
    approvals,
    assignments,
    digests,
    golden,
    model_names,
    mutated,
    numbers,
    oids,
    only_gitreg_errors,
    principals,
    registries,
    signatures,
    stage_names,
    versions,
)
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.decision import MAX_WHY, Rejection, Withdrawal, clean_why, signed_bytes
from gitreg.core.decision_file import MAX_BYTES, DecisionFile, format_decision, parse_decision
from gitreg.core.digest import Digest
from gitreg.core.event import ApprovalRecord, Cause
from gitreg.core.names import ModelName, Principal, StageName
from gitreg.core.oid import Oid
from gitreg.core.registry_id import RegistryId
from gitreg.core.request import PromotionRequest, request_of
from gitreg.core.version import Version
from gitreg.errors import FormatError, UsageError

FOLDER = Path(__file__).parent / "golden"
REQUEST = PromotionRequest(
    registry=RegistryId(UUID),
    action=Cause.PROMOTE,
    model=ModelName("team/ner"),
    version=Version(1, 2, 0),
    version_tag=Oid("1" * 40),
    stage=StageName("production"),
    n=4,
    target=Oid("2" * 40),
    manifest=Digest("a" * 64),
    previous=Oid("3" * 40),
    policy=Oid("4" * 40),
)
RECORD = ApprovalRecord(Principal("bob@example.com"), "2026-12-01T00:00:00Z", "U1NIU0lH")

requests = st.builds(
    PromotionRequest,
    registry=registries,
    action=st.sampled_from(Cause),
    model=model_names,
    version=versions,
    version_tag=oids,
    stage=stage_names,
    n=numbers,
    target=oids,
    manifest=digests,
    previous=st.none() | oids,
    policy=oids,
)


times = st.just("2026-12-01T00:00:00Z")
reasons = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=40)
rejections = st.builds(Rejection, principals, times, reasons, signatures)
withdrawals = st.builds(Withdrawal, principals, digests, signatures)
decisions = st.builds(DecisionFile, requests, approvals | rejections | withdrawals)

REJECTION = Rejection(Principal("bob@example.com"), "2026-11-21T02:03:04Z", "It fails on blank images", "U1NIU0lH")
WITHDRAWAL = Withdrawal(Principal("bob@example.com"), REJECTION.digest(REQUEST), "U1NIU0lH")


def signed(request: PromotionRequest, expires: str = "never") -> bytes:
    return signed_bytes(request, RECORD._replace(expires=expires))


def test_golden_request():
    """Approvals given before an upgrade would not count after it."""
    golden(FOLDER / "promotion-request-2.txt", signed(REQUEST, "2026-12-01T00:00:00Z"))
    golden(FOLDER / "first-promotion-request-2.txt", signed(REQUEST._replace(n=1, previous=None)))


@pytest.mark.parametrize(
    ("name", "decision"),
    [("approval-2.txt", RECORD), ("rejection-1.txt", REJECTION), ("withdrawal-1.txt", WITHDRAWAL)],
)
def test_golden_decisions(name, decision):
    """Colleagues with another release of gitreg could not decide."""
    file = DecisionFile(REQUEST, decision)
    golden(FOLDER / name, format_decision(file))
    assert parse_decision(format_decision(file)) == file


@given(decisions)
def test_round_trip(file):
    """A decision would get lost on its way to the promoter."""
    assert parse_decision(format_decision(file)) == file


@given(requests, requests, st.sampled_from(["never", "2026-12-01T00:00:00Z"]))
def test_two_requests_never_share_their_bytes(one, other, expires):
    """A signature over one promotion would serve for another."""
    assert (one == other) == (signed(one, expires) == signed(other, expires))


@given(requests, approvals, rejections, withdrawals)
def test_no_decision_has_the_bytes_of_another_kind(request, yes, no, back):
    """Somebody's no would be presented as their yes."""
    kinds = {signed_bytes(request, each).split(b"\n")[0] for each in (yes, no, back)}
    assert kinds == {b"gitreg-approval 2", b"gitreg-rejection 1", b"gitreg-withdrawal 1"}


@pytest.mark.parametrize("name", PromotionRequest._fields)
def test_every_field_is_signed(name):
    """A decision could be replayed where only this differs."""
    plain = {"n": 5, "version": Version(1, 2, 1), "manifest": Digest("b" * 64), "action": Cause.ROLLBACK}
    other = plain[name] if name in plain else type(getattr(REQUEST, name))("f" * 40)
    changed = REQUEST._replace(**{name: other})
    for decision in (RECORD, REJECTION, WITHDRAWAL):
        assert signed_bytes(changed, decision) != signed_bytes(REQUEST, decision)
    assert parse_decision(format_decision(DecisionFile(REQUEST, RECORD))).request != changed


def test_the_expiry_is_signed():
    """Whoever carries an approval could prolong it."""
    assert signed(REQUEST) != signed(REQUEST, "2026-12-01T00:00:00Z")


def test_a_withdrawal_takes_back_one_rejection_and_not_the_next():
    """Who rejects again after having withdrawn would have no say any more."""
    later = REJECTION._replace(made="2026-11-21T02:03:05Z")
    assert len({each.digest(REQUEST) for each in (REJECTION, later, REJECTION._replace(why="Slow"))}) == 3


@pytest.mark.parametrize("text", ["", "  \n ", "x" * (MAX_WHY + 1), "\x1b[2K looks fine", "\u202efine"])
def test_a_reason_is_one_readable_line(text):
    """A rejection without a reason helps nobody; one with control characters shows something else."""
    with pytest.raises(UsageError):
        clean_why(text)
    assert clean_why(" too\n slow ") == "too slow"


@given(assignments, oids)
def test_a_tag_answers_the_request_of_its_own_facts(event, target):
    """The promoter would gather approvals for something else than what is signed."""
    request = request_of(event, target)
    for field in PromotionRequest._fields:
        name = {"action": "cause"}.get(field, field)
        assert getattr(request, field) == (target if name == "target" else getattr(event, name))


VALID = format_decision(DecisionFile(REQUEST, RECORD))
NO = format_decision(DecisionFile(REQUEST, REJECTION))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        VALID[:-1],
        VALID + b"\n",
        VALID + VALID,
        VALID.replace(b"\n", b"\r\n"),
        VALID.replace(b"\n\nprincipal", b"\nprincipal"),
        VALID.replace(b"principal bob@example.com\n", b""),
        VALID.replace(b"bob@example.com", b"bob example"),
        VALID.replace(b"bob@example.com", b"*"),
        VALID.replace(b"bob@example.com", b"bob\x00"),
        VALID.replace(b"bob@example.com", "bøb".encode()),
        VALID.replace(b"signature U1NIU0lH", b"signature -"),
        VALID.replace(b"signature U1NIU0lH", b"signature U1NI U0lH"),
        VALID.replace(b"expires 2026-12-01T00:00:00Z", b"expires 2026-12-1T0:0:0Z"),
        VALID.replace(b"expires 2026-12-01T00:00:00Z", b"expires tomorrow"),
        VALID.replace(b"expires 2026-12-01T00:00:00Z\n", b""),
        VALID.replace(b"U1NIU0lH", b"U" * MAX_BYTES),
        VALID.replace(b"gitreg-approval 2", b"gitreg-rejection 1"),
        VALID.replace(b"action promote", b"action unassign"),
        VALID.replace(b"version v1.2.0", b"version 1.2.0"),
        VALID.replace(b"\nn 4\n", b"\nn -4\n"),
        VALID.replace(b"\nn 4\n", b"\nn 04\n"),
        VALID.replace(b"\nn 4\n", "\nn \u0664\n".encode()),
        VALID.replace(b"\nn 4\n", b"\n"),
        NO.replace(b"gitreg-rejection 1", b"gitreg-approval 2"),
        NO.replace(b"It fails", b"It  fails"),
        NO.replace(b"It fails", b"\x1b[2KIt fails"),
        NO.replace(b"It fails", "\u2028It fails".encode()),
        NO.replace(b"It fails", b"\xffIt fails"),
        NO.replace(b"It fails", b"x" * (MAX_WHY + 1)),
    ],
)
def test_other_forms_are_refused(data):
    """One approval that a promoter counts but no tag can carry would block every promotion."""
    with pytest.raises(FormatError) as caught:
        parse_decision(data)
    assert caught.value.hint


def test_a_newer_format_says_so():
    """People would think the approval is forged."""
    with pytest.raises(FormatError, match="of a known format") as caught:
        parse_decision(VALID.replace(b"gitreg-approval 2", b"gitreg-approval 3"))
    assert "newer" in caught.value.hint


@given(st.data())
def test_any_bytes_are_a_decision_or_refused(data):
    """Anybody who can push a ref could crash the promoter."""
    valid = data.draw(st.sampled_from([VALID, NO]))
    text = data.draw(st.binary(max_size=100)) if data.draw(st.booleans()) else mutated(data.draw, valid)
    file = only_gitreg_errors(lambda: parse_decision(text))
    assert file is None or format_decision(file) == text
