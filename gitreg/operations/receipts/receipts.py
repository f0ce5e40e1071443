"""Receipts: what a trusted writer (CI, or the server) adds to the log, and what people ask of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from gitreg.core.names import ModelName
from gitreg.core.oid import Oid
from gitreg.core.receipt_book import POLICY_WORD
from gitreg.core.tag_name import TagName, parse_tag_name
from gitreg.errors import RefusedError, VerificationError
from gitreg.git.chain import move_ref
from gitreg.git.config import get_config_path
from gitreg.git.network import branches_spec, private_tags, tags_spec
from gitreg.git.network import fetch as git_fetch
from gitreg.git.push import Advance, Cause
from gitreg.git.push import push as git_push
from gitreg.git.refs import TagRef, list_tags, tags_below
from gitreg.git.remote import remotes
from gitreg.operations.branch import git_remote
from gitreg.operations.context import Context, iso
from gitreg.operations.exclusive import exclusively
from gitreg.operations.hooks import RECEIPT_KEY
from gitreg.operations.push import raise_rejection
from gitreg.operations.receipts.authorities import load_authorities
from gitreg.operations.receipts.due import Due, Wanted, due
from gitreg.operations.receipts.fetch import accept_log, log_spec, shared_log
from gitreg.operations.receipts.log import LOG, known_receipts, read_log, remember
from gitreg.operations.receipts.writer import Writer, append
from gitreg.operations.results import Failure
from gitreg.operations.sign import open_signer

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class ReceiptEntry:
    """A tag in the log, and when it was seen."""

    tag: str
    oid: Oid
    at: datetime


@dataclass(frozen=True, slots=True)
class ReceiptsAdded:
    """Tags that have a receipt now, and those that got none because they do not verify."""

    receipts: tuple[str, ...]
    refused: tuple[Failure, ...]
    pushed: bool


def add_receipts(context: Context) -> ReceiptsAdded:
    """Give each shared tag that verifies and has no receipt one, on top of the remote's log; without a remote, here.

    Raises RefusedError if the key at hand may not write receipts, VerificationError, SigningError, GitError.
    """
    remote = git_remote(context.repo)
    if remote not in remotes(context.repo):
        return _add_here(context, _tags(list_tags(context.repo)))
    for _ in range(_ATTEMPTS):
        work = due(context, _shared(context, remote))
        if work.is_nothing:
            return _result(work, pushed=False)
        tip = _append(context, work)
        if _pushed(context, remote, tip):
            _adopt(context, work, tip)
            return _result(work, pushed=True)
    raise RefusedError("others add receipts at the same time, again and again", hint="let one writer do it")


def receive(context: Context, tags: Wanted) -> ReceiptsAdded:
    """Receipts for just these tags, where the log itself lies: what the server does after a push."""
    return _add_here(context, tags)


def list_receipts(context: Context, model: ModelName | None = None) -> tuple[ReceiptEntry, ...]:
    """The verified log, oldest first."""
    book = known_receipts(context, lambda: load_authorities(context))
    return tuple(
        ReceiptEntry(entry.name, entry.oid, iso(entry.seconds))
        for entry in (book.entries() if book else [])
        if entry.name != POLICY_WORD and model in (None, _model(entry.name))
    )


def _add_here(context: Context, wanted: Wanted) -> ReceiptsAdded:
    with exclusively(context.repo):
        work = due(context, wanted)
        if not work.is_nothing:
            _adopt(context, work, _append(context, work))
    return _result(work, pushed=False)


def _tags(refs: Iterable[TagRef]) -> dict[TagName, Oid]:
    return {name: ref.oid for ref in refs if (name := parse_tag_name(ref.name)) is not None}


def _model(name: str) -> ModelName | None:
    tag = parse_tag_name(name)
    return tag.model if tag else None


def _result(work: Due, *, pushed: bool) -> ReceiptsAdded:
    return ReceiptsAdded(tuple(str(tag.name) for tag in work.tags), work.refused, pushed)


def _append(context: Context, work: Due) -> Oid:
    own = get_config_path(context.repo, RECEIPT_KEY)
    if own is not None and context.settings.key is None:
        context = replace(context, settings=replace(context.settings, key=str(own)))
    writer = Writer(open_signer(context), work.policy, work.authorities[work.policy])
    return append(context, writer, work.tip, work.tags, work.seconds)


def _adopt(context: Context, work: Due, tip: Oid) -> None:
    """Our own receipts pass the check of any others before they are named."""
    book = read_log(context, work.before, tip, work.authorities)
    move_ref(context.repo, LOG, tip, work.tip)
    remember(context, book)


def _shared(context: Context, remote: str) -> dict[TagName, Oid]:
    """Bring in the remote's log and its tags, which need not be let in: without a receipt they may not count yet."""
    git_fetch(context.repo, remote, [branches_spec(remote), tags_spec(remote), log_spec(context, remote)], prune=True)
    for failure in accept_log(context, remote):
        raise VerificationError(f"{failure.ref}: {failure.reason}", hint="nothing was added to it")
    return _tags(tags_below(context.repo, private_tags(remote)))


def _pushed(context: Context, remote: str, tip: Oid) -> bool:
    """False if somebody else was faster."""
    report = git_push(context.repo, remote, [Advance(tip, shared_log(context))])
    if any(result.cause in (Cause.BEHIND, Cause.CONTENDED, Cause.TAKEN) for result in report.rejected):
        return False
    raise_rejection(report)
    return True
