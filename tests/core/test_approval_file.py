"""Promotion requests and the approvals that sign them."""

from __future__ import annotations

from dataclasses import fields, replace
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
    registries,
    stage_names,
    versions,
)
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.approval_file import MAX_BYTES, format_approval, parse_approval
from gitreg.core.digest import Digest
from gitreg.core.event import ApprovalRecord
from gitreg.core.names import ModelName, Principal, StageName
from gitreg.core.oid import Oid
from gitreg.core.registry_id import RegistryId
from gitreg.core.request import PromotionRequest, request_of
from gitreg.core.version import Version
from gitreg.errors import FormatError

FOLDER = Path(__file__).parent / "golden"
REQUEST = PromotionRequest(
    registry=RegistryId(UUID),
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


def test_golden_request():
    """Approvals given before an upgrade would not count after it."""
    golden(FOLDER / "promotion-request-1.txt", REQUEST.canonical("2026-12-01T00:00:00Z"))
    golden(FOLDER / "first-promotion-request-1.txt", replace(REQUEST, n=1, previous=None).canonical("never"))


def test_golden_approval():
    """Colleagues with another release of gitreg could not approve."""
    data = format_approval(REQUEST, RECORD)
    golden(FOLDER / "approval-1.txt", data)
    assert parse_approval(data).record == RECORD
    assert parse_approval(data).answers(REQUEST)


@given(requests, approvals)
def test_round_trip(request, record):
    """An approval would get lost on its way to the promoter."""
    file = parse_approval(format_approval(request, record))
    assert file.record == record
    assert file.answers(request)


@given(requests, requests, st.sampled_from(["never", "2026-12-01T00:00:00Z"]))
def test_two_requests_never_share_their_bytes(one, other, expires):
    """A signature over one promotion would serve for another."""
    assert (one == other) == (one.canonical(expires) == other.canonical(expires))


@pytest.mark.parametrize("name", [field.name for field in fields(PromotionRequest)])
def test_every_field_is_signed(name):
    """An approval could be replayed where only this differs."""
    plain = {"n": 5, "version": Version(1, 2, 1), "manifest": Digest("b" * 64)}
    other = plain[name] if name in plain else type(getattr(REQUEST, name))("f" * 40)
    changed = replace(REQUEST, **{name: other})
    assert changed.canonical("never") != REQUEST.canonical("never")
    assert not parse_approval(format_approval(REQUEST, RECORD)).answers(changed)


def test_the_expiry_is_signed():
    """Whoever carries an approval could prolong it."""
    assert REQUEST.canonical("never") != REQUEST.canonical("2026-12-01T00:00:00Z")


@given(assignments, oids)
def test_a_tag_answers_the_request_of_its_own_facts(event, target):
    """The promoter would gather approvals for something else than what is signed."""
    request = request_of(event, target)
    for field in fields(PromotionRequest):
        assert getattr(request, field.name) == (target if field.name == "target" else getattr(event, field.name))


VALID = format_approval(REQUEST, RECORD)


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
    ],
)
def test_other_forms_are_refused(data):
    """One approval that a promoter counts but no tag can carry would block every promotion."""
    with pytest.raises(FormatError) as caught:
        parse_approval(data)
    assert caught.value.hint


def test_a_newer_format_says_so():
    """People would think the approval is forged."""
    with pytest.raises(FormatError, match="not an approval of format 1") as caught:
        parse_approval(VALID.replace(b"gitreg-approval 1", b"gitreg-approval 2"))
    assert "newer" in caught.value.hint


@given(st.data())
def test_any_bytes_are_an_approval_or_refused(data):
    """Anybody who can push a ref could crash the promoter."""
    text = data.draw(st.binary(max_size=100)) if data.draw(st.booleans()) else mutated(data.draw, VALID)
    file = only_gitreg_errors(lambda: parse_approval(text))
    assert file is None or file.request in text
