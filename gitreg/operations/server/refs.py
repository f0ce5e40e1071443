"""What a server asks of refs below refs/gitreg/: decisions as gitreg files them, a log that only grows, no others."""

from __future__ import annotations

from collections.abc import Container

from gitreg.core.decision_file import MAX_BYTES, DecisionFile, parse_decision
from gitreg.core.event import ApprovalRecord
from gitreg.core.oid import Oid
from gitreg.errors import FormatError
from gitreg.git.objects import GitObject, ObjectReader
from gitreg.git.pushed import PushedRef
from gitreg.git.refs import TAGS, list_refs
from gitreg.operations.context import utc_now
from gitreg.operations.decisions.approvals import APPROVALS, ref_of
from gitreg.operations.decisions.spent import serves_no_more
from gitreg.operations.receipts.authorities import load_authorities
from gitreg.operations.receipts.log import LOG, known_receipts, read_log
from gitreg.operations.server.push import ServerPush
from gitreg.trust.rules import CheckError

# A receipt is dated when it is signed, and pushed at once.
_SLACK = 60
_DELAY = 3600


def check_gitreg_ref(push: ServerPush, ref: PushedRef) -> None:
    """Raise CheckError unless a ref below refs/gitreg/ may change like this."""
    if ref.name == LOG:
        _check_log(push, ref)
    elif ref.name.startswith(APPROVALS):
        _check_decision(push, ref)
    else:
        raise CheckError("name", "gitreg shares no such ref")


def _check_decision(push: ServerPush, ref: PushedRef) -> None:
    if ref.old is not None and ref.new is not None:
        raise CheckError("moved", "approvals and rejections are never changed")
    oid = ref.new or ref.old
    file = _decision(push, oid) if oid else None
    if ref.new is None:
        _check_dropped(push, ref, file)
    elif file is None or file.request.registry != push.context.config.id or ref_of(file) != ref.name:
        raise CheckError("parse", "not an approval or rejection that gitreg would file under this name")


def _decision(push: ServerPush, oid: Oid) -> DecisionFile | None:
    with ObjectReader(push.context.repo, limit=MAX_BYTES) as reader:
        (answer,) = reader.read_many([oid])
    try:
        return parse_decision(answer.data) if isinstance(answer, GitObject) and answer.type == "blob" else None
    except FormatError:
        return None


def _check_dropped(push: ServerPush, ref: PushedRef, file: DecisionFile | None) -> None:
    """A no that still blocks is taken back by its author's signature, not by whoever may push."""
    if file is None or isinstance(file.decision, ApprovalRecord) or serves_no_more(ref.name, _tags(push)):
        return
    raise CheckError("deleted", "a rejection is withdrawn, not deleted", hint="gitreg reject --withdraw")


def _tags(push: ServerPush) -> Container[str]:
    there = {tag.name for tag in list_refs(push.context.repo, TAGS)}
    return there | {f"{TAGS}{name}" for name in push.new_tags}


def _check_log(push: ServerPush, ref: PushedRef) -> None:
    if ref.new is None:
        raise CheckError("deleted", "the log of receipts is never deleted")
    authorities = load_authorities(push.context, push.seen)
    before = known_receipts(push.context, lambda: authorities)
    book = read_log(push.context, before, ref.new, authorities)
    now = int(utc_now().timestamp())
    if book.head.seconds > now + _SLACK or (before and book.head.seconds < now - _DELAY):
        raise CheckError("receipt", "it is not dated now: the writer's clock or this one is wrong")
