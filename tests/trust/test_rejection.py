"""Rejections: whose count, about what, and how they end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from registry_builder import NOW, POLICY, PRODUCTION, STAGING, RegistryBuilder, key_of, new_registry

from gitreg.core.decision import Rejection, Withdrawal
from gitreg.core.decision_file import DecisionFile
from gitreg.core.digest import Digest
from gitreg.core.event import ApprovalRecord, Cause
from gitreg.core.names import ModelName, Principal
from gitreg.core.oid import Oid
from gitreg.core.registry_id import RegistryId
from gitreg.core.request import PromotionRequest, request_of
from gitreg.core.version import Version
from gitreg.errors import UsageError, VerificationError
from gitreg.trust.approval import approve, check_approval
from gitreg.trust.rejection import Rejections, reject, standing_rejections, withdraw

AT = datetime.fromtimestamp(NOW, UTC)
WHY = "It fails on blank images"


@pytest.fixture
def registry() -> RegistryBuilder:
    registry = new_registry()
    registry.register()
    return registry


@pytest.fixture
def request_(registry: RegistryBuilder) -> PromotionRequest:
    return request_of(registry.assignment("v1.0.0", PRODUCTION), registry.commit("v1.0.0"))


def no(request: PromotionRequest, who: str = "bob", key: str = "", at: datetime = AT, why: str = WHY) -> Rejection:
    return reject(request, Principal(who), key_of(key or who), why, at)


def back(request: PromotionRequest, rejection: Rejection, who: str = "bob", key: str = "") -> Withdrawal:
    return withdraw(request, rejection, Principal(who), key_of(key or who))


def found(registry: RegistryBuilder, request: PromotionRequest, *decisions: Rejection | Withdrawal) -> Rejections:
    facts = registry.facts()
    files = [DecisionFile(request, each) for each in decisions]
    return standing_rejections(files, request, facts.current_policy, facts.signers, AT)


def test_whoever_may_approve_may_reject(registry, request_):
    """A reviewer's no would be unheard."""
    assert found(registry, request_, no(request_)) == Rejections((no(request_),), ())


@pytest.mark.parametrize("who", ["pat", "rita"])
def test_the_interested_may_reject_too(registry, request_, who):
    """Whoever registered it and saw the fault could not stop it."""
    assert len(found(registry, request_, no(request_, who)).standing) == 1


@pytest.mark.parametrize(
    ("who", "key", "why"),
    [("mallory", "", "no role"), ("bob", "mallory", "not theirs"), ("bob", "stranger", "not theirs")],
)
def test_nobody_else_stops_a_promotion(registry, request_, who, key, why):
    """Anybody who can push a ref could block every promotion."""
    result = found(registry, request_, no(request_, who, key))
    assert result.standing == ()
    assert why in result.doubts[0]


def test_it_ends_when_the_same_person_withdraws_it(registry, request_):
    """A misunderstanding would block for ever."""
    assert found(registry, request_, no(request_), back(request_, no(request_))) == Rejections((), ())
    assert found(registry, request_, back(request_, no(request_)), no(request_)).standing == ()


@pytest.mark.parametrize(("who", "key"), [("carol", ""), ("pat", ""), ("bob", "carol"), ("bob", "mallory")])
def test_nobody_else_withdraws_it(registry, request_, who, key):
    """The promoter would take the reviewer's no back."""
    assert found(registry, request_, no(request_), back(request_, no(request_), who, key)).standing == (no(request_),)


def test_a_withdrawal_serves_for_one_rejection(registry, request_):
    """A person could say no once in their life."""
    later = no(request_, at=AT - timedelta(minutes=1))
    assert found(registry, request_, no(request_), back(request_, no(request_)), later).standing == (later,)


def test_the_same_words_of_two_people_are_two_rejections(registry, request_):
    """One of two would be lost, and with it the block when the other withdraws."""
    both = (no(request_, "bob"), no(request_, "carol"))
    assert found(registry, request_, *both).standing == both
    assert found(registry, request_, *both, back(request_, both[0], "bob")).standing == both[1:]


def test_another_key_of_the_same_person_withdraws(registry, request_):
    """Whoever changed keys since could not take it back."""
    registry.allow("bob", key="bob's other")
    assert found(registry, request_, no(request_), back(request_, no(request_), key="bob's other")).standing == ()


def test_another_name_of_the_same_person_withdraws(registry, request_):
    """The policy says that they are one person."""
    registry.allow("bob@home", key="bob's other")
    people = '[people]\nbob = ["bob", "bob@home"]\n[roles]\n'
    registry.set_policy(POLICY.replace("[roles]\n", people).replace("epoch = 1", "epoch = 2"))
    assert (
        found(registry, request_, no(request_), back(request_, no(request_), "bob@home", "bob's other")).standing == ()
    )


OTHERS = {
    "registry": {"registry": RegistryId("00000000-0000-4000-8000-000000000000")},
    "action": {"action": Cause.ROLLBACK},
    "model": {"model": ModelName("other")},
    "version": {"version": Version(1, 0, 1)},
    "version tag": {"version_tag": Oid("7" * 40)},
    "stage": {"stage": STAGING},
    "number": {"n": 2},
    "target": {"target": Oid("7" * 40)},
    "manifest": {"manifest": Digest("7" * 64)},
    "previous": {"previous": Oid("7" * 40)},
    "policy": {"policy": Oid("7" * 40)},
}


@pytest.mark.parametrize("difference", OTHERS.values(), ids=OTHERS.keys())
def test_it_is_about_one_request_only(registry, request_, difference):
    """A no to one version would stop its repaired successor, or be moved to what nobody rejected."""
    other = request_._replace(**difference)
    facts = registry.facts()
    elsewhere = [DecisionFile(other, no(other))]
    assert standing_rejections(elsewhere, request_, facts.current_policy, facts.signers, AT) == Rejections((), ())
    result = found(registry, request_, no(other))
    assert result.standing == ()
    assert "does not sign" in result.doubts[0]


def test_a_rejection_is_never_an_approval(registry, request_):
    """The signature of a no would be embedded as a yes; the namespace is the same, the text is not."""
    as_yes = ApprovalRecord(Principal("bob"), "never", no(request_).signature)
    with pytest.raises(VerificationError, match="does not sign this promotion"):
        check_approval(as_yes, request_, registry.facts().signers, AT)
    yes = approve(request_, Principal("bob"), key_of("bob"), None)
    assert found(registry, request_, no(request_)._replace(signature=yes.signature)).standing == ()
    assert found(
        registry, request_, no(request_), back(request_, no(request_))._replace(signature=yes.signature)
    ).standing


@pytest.mark.parametrize("change", [{"why": "No reason"}, {"made": "2030-01-01T00:00:00Z"}, {"signature": "AAAA"}])
def test_a_changed_rejection_is_void(registry, request_, change):
    """Words would be put into a reviewer's mouth."""
    result = found(registry, request_, no(request_)._replace(**change))
    assert (result.standing, len(result.doubts)) == ((), 1)


def test_it_needs_a_reason(request_):
    """Nobody would know what to repair."""
    with pytest.raises(UsageError, match="needs a reason"):
        no(request_, why=" \n")
