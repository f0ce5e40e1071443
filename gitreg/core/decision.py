"""What people say to a promotion request: yes, no, or that a no is taken back; and the exact bytes that each signs.

gitreg-approval 2                  or gitreg-rejection 1, or gitreg-withdrawal 1: no text is ever two of them
registry 6c0e...                   the request, one line per fact
...
expires 2026-12-01T00:00:00Z       a rejection: `made` and `why`; a withdrawal: `rejection`
"""

from __future__ import annotations

from typing import NamedTuple, assert_never

from gitreg.core.digest import Digest
from gitreg.core.event import ApprovalRecord
from gitreg.core.names import Principal
from gitreg.core.request import PromotionRequest
from gitreg.core.text import escape
from gitreg.errors import UsageError

MAX_WHY = 500
APPROVAL, REJECTION, WITHDRAWAL = "gitreg-approval 2", "gitreg-rejection 1", "gitreg-withdrawal 1"


class Rejection(NamedTuple):
    """One person's no.  `made` (UTC, YYYY-MM-DDTHH:MM:SSZ) tells it from the same person's next one."""

    principal: Principal
    made: str
    why: str
    signature: str

    def digest(self, request: PromotionRequest) -> Digest:
        """What a withdrawal names."""
        return Digest.of(signed_bytes(request, self))


class Withdrawal(NamedTuple):
    """The end of the rejection whose signed bytes have this digest, if it is the same person's."""

    principal: Principal
    rejection: Digest
    signature: str


Decision = ApprovalRecord | Rejection | Withdrawal


def signed_bytes(request: PromotionRequest, decision: Decision) -> bytes:
    """What the decision's signature covers."""
    match decision:
        case ApprovalRecord():
            lines = approval_lines(request, decision.expires)
        case Rejection():
            lines = rejection_lines(request, decision.made, decision.why)
        case Withdrawal():
            lines = withdrawal_lines(request, decision.rejection)
        case _:
            assert_never(decision)
    return spell(lines)


def approval_lines(request: PromotionRequest, expires: str) -> tuple[str, ...]:
    """`expires` is UTC (YYYY-MM-DDTHH:MM:SSZ) or `never`."""
    return (APPROVAL, *request.lines, f"expires {expires}")


def rejection_lines(request: PromotionRequest, made: str, why: str) -> tuple[str, ...]:
    return (REJECTION, *request.lines, f"made {made}", f"why {why}")


def withdrawal_lines(request: PromotionRequest, rejection: Digest) -> tuple[str, ...]:
    return (WITHDRAWAL, *request.lines, f"rejection {rejection}")


def spell(lines: tuple[str, ...]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def clean_why(text: str) -> str:
    """A reason as one line.  Raises UsageError if nothing is left, or too much."""
    line = " ".join(text.split())
    if not line or len(line) > MAX_WHY or escape(line) != line:
        raise UsageError(f"a rejection needs a reason: up to {MAX_WHY} characters of plain text", hint="-m WHY")
    return line
