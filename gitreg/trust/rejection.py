"""Rejections: a person's signed no to one exact promotion request, which stands until the same person withdraws it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from gitreg.core.decision import Rejection, Withdrawal, clean_why, rejection_lines, withdrawal_lines
from gitreg.core.decision_file import DecisionFile
from gitreg.core.digest import Digest
from gitreg.core.names import Person, Principal
from gitreg.core.policy import Policy
from gitreg.core.request import PromotionRequest
from gitreg.errors import GitregError, VerificationError
from gitreg.trust.allowed_signers import AllowedSigners
from gitreg.trust.approval import approval_rule, sign_decision, signing_key, written_time
from gitreg.trust.signer import Signer


class Rejections(NamedTuple):
    """Those that block the request now; and why others, which somebody meant to, do not."""

    standing: tuple[Rejection, ...]
    doubts: tuple[str, ...]


def reject(request: PromotionRequest, principal: Principal, signer: Signer, why: str, at: datetime) -> Rejection:
    """Sign a no.  Raises UsageError unless there is a reason."""
    reason, made = clean_why(why), written_time(at)
    return Rejection(principal, made, reason, sign_decision(signer, rejection_lines(request, made, reason)))


def withdraw(request: PromotionRequest, rejection: Rejection, principal: Principal, signer: Signer) -> Withdrawal:
    """Take a no back; counts if `principal` is a name of whoever said it, with any key of theirs."""
    digest = rejection.digest(request)
    return Withdrawal(principal, digest, sign_decision(signer, withdrawal_lines(request, digest)))


def standing_rejections(
    files: Iterable[DecisionFile], request: PromotionRequest, policy: Policy, signers: AllowedSigners, at: datetime
) -> Rejections:
    """Which of the decisions filed anywhere block this request; files about other requests are passed over.

    What is missing can't be seen here: whoever hides a rejection from a reader hides it from this function.
    """
    said = (file.decision for file in files if file.request == request)
    doubts: list[str] = []
    rejections: dict[tuple[Person, Digest], Rejection] = {}
    withdrawn: set[tuple[Person, Digest]] = set()
    for decision in said:
        person = policy.person_of(decision.principal)
        try:
            match decision:
                case Rejection():
                    _check(decision, request, policy, signers, at)
                    rejections[person, decision.digest(request)] = decision
                case Withdrawal():
                    signing_key(decision, request, signers, at)
                    withdrawn.add((person, decision.rejection))
        except GitregError as error:
            doubts.append(error.message)
    standing = tuple(rejection for key, rejection in rejections.items() if key not in withdrawn)
    return Rejections(standing, tuple(doubts))


def _check(
    rejection: Rejection, request: PromotionRequest, policy: Policy, signers: AllowedSigners, at: datetime
) -> None:
    """Whoever may approve may reject; being interested is no obstacle to saying no."""
    signing_key(rejection, request, signers, at)
    if not policy.holds(rejection.principal, approval_rule(request, policy).from_roles):
        raise VerificationError(f"the rejection of {rejection.principal} is by somebody with no role that may approve")
