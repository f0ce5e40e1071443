"""A decision on its way: the bytes that were signed, a blank line, then who signed and the signature."""

from __future__ import annotations

import re
from typing import NamedTuple

from gitreg.core.decision import (
    APPROVAL,
    REJECTION,
    WITHDRAWAL,
    Decision,
    Rejection,
    Withdrawal,
    clean_why,
    signed_bytes,
)
from gitreg.core.digest import Digest
from gitreg.core.event import ApprovalRecord
from gitreg.core.names import Principal
from gitreg.core.request import FACTS, PromotionRequest, parse_request
from gitreg.errors import FormatError, GitregError

MAX_BYTES = 64 << 10
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
_FILE = re.compile(
    rf"(?:{APPROVAL}|{REJECTION}|{WITHDRAWAL})\n(?P<facts>(?:[a-z-]+ [^\n]+\n){{{len(FACTS)}}})"
    rf"(?:expires (?P<expires>never|{_TIME})\n|made (?P<made>{_TIME})\nwhy (?P<why>[^\n]{{1,500}})\n"
    r"|rejection (?P<rejection>blake3:[0-9a-f]{64})\n)\n"
    r"principal (?P<principal>[^\n]+)\nsignature (?P<signature>[A-Za-z0-9+/]+={0,2})\n"
)


class DecisionFile(NamedTuple):
    """A decision and the request it is about; nobody has looked at the signature yet."""

    request: PromotionRequest
    decision: Decision


def format_decision(file: DecisionFile) -> bytes:
    """Spell a decision; `parse_decision` is its inverse."""
    signed = signed_bytes(file.request, file.decision)
    who = f"\nprincipal {file.decision.principal}\nsignature {file.decision.signature}\n"
    return signed + who.encode()


def parse_decision(data: bytes) -> DecisionFile:
    """Parse a decision.  Raises FormatError unless gitreg would have written exactly this."""
    text = data.decode(errors="replace") if len(data) <= MAX_BYTES else ""
    match = _FILE.fullmatch(text)
    if match is None:
        raise FormatError(
            "neither an approval nor a rejection of a known format", hint="a newer gitreg may have written it"
        )
    try:
        file = DecisionFile(parse_request(match["facts"].removesuffix("\n").split("\n")), _decision(match))
    except GitregError as error:
        raise FormatError(error.message, hint="it is passed over; ask for it again") from None
    if format_decision(file) != data:
        raise FormatError("not spelled as gitreg spells it", hint="it is passed over; ask for it again")
    return file


def _decision(match: re.Match[str]) -> Decision:
    principal, signature = Principal.parse(match["principal"]), match["signature"]
    if match["expires"]:
        return ApprovalRecord(principal, match["expires"], signature)
    if match["made"]:
        return Rejection(principal, match["made"], clean_why(match["why"]), signature)
    return Withdrawal(principal, Digest.parse(match["rejection"]), signature)
