"""An approval on its way: the request's canonical bytes, a blank line, then who signed and the signature."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gitreg.core.event import ApprovalRecord
from gitreg.core.names import Principal
from gitreg.core.request import PromotionRequest
from gitreg.errors import FormatError, UsageError

MAX_BYTES = 64 << 10
_FILE = re.compile(
    rb"(?P<request>gitreg-approval 1\n(?:[a-z-]+ [^\n]+\n)+?"
    rb"expires (?P<expires>never|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)\n)\n"
    rb"principal (?P<principal>[^\n]+)\nsignature (?P<signature>[A-Za-z0-9+/]+={0,2})\n"
)


@dataclass(frozen=True, slots=True)
class ApprovalFile:
    """`request` is what was signed, as bytes: whether it is the right request is for the reader to compare."""

    request: bytes
    record: ApprovalRecord

    def answers(self, request: PromotionRequest) -> bool:
        return self.request == request.canonical(self.record.expires)


def format_approval(request: PromotionRequest, record: ApprovalRecord) -> bytes:
    """Spell an approval; `parse_approval` is its inverse."""
    signed = request.canonical(record.expires)
    return signed + f"\nprincipal {record.principal}\nsignature {record.signature}\n".encode()


def parse_approval(data: bytes) -> ApprovalFile:
    """Parse an approval.  Raises FormatError."""
    match = _FILE.fullmatch(data) if len(data) <= MAX_BYTES else None
    if match is None:
        raise FormatError("not an approval of format 1", hint="a newer gitreg may have written it")
    try:
        principal = Principal.parse(match["principal"].decode("ascii", "replace"))
    except UsageError as error:
        raise FormatError(error.message, hint=error.hint) from None
    record = ApprovalRecord(principal, match["expires"].decode(), match["signature"].decode())
    return ApprovalFile(match["request"], record)
