"""Bringing in the log of a remote: into a private corner first, and from there only if it continues this clone's."""

from __future__ import annotations

from gitreg.core.oid import Oid
from gitreg.git.chain import move_ref
from gitreg.git.config import get_config
from gitreg.git.network import FetchSpec
from gitreg.git.refs import delete_ref, resolve
from gitreg.operations.context import Context
from gitreg.operations.receipts.authorities import load_authorities
from gitreg.operations.receipts.log import LOG, known_receipts, read_log, remember
from gitreg.operations.results import Failure
from gitreg.trust.rules import CheckError

RECEIPT_BRANCH = "gitreg.receiptBranch"  # for hosts that take no refs but branches and tags


def shared_log(context: Context) -> str:
    """What the log is called on the remote."""
    branch = get_config(context.repo, RECEIPT_BRANCH)
    return f"refs/heads/{branch}" if branch else LOG


def private_log(context: Context, remote: str) -> str:
    """Where a remote's log is kept until it is verified."""
    return f"refs/gitreg/remotes/{remote}/log/{shared_log(context).rpartition('/')[2]}"


def log_spec(context: Context, remote: str) -> FetchSpec:
    """Fetches a remote's log; a pattern, because git fails over a plain name that the remote does not have."""
    forget_private(context, remote)
    return FetchSpec(f"{shared_log(context)}*", f"{private_log(context, remote)}*")


def forget_private(context: Context, remote: str) -> None:
    """What the last fetch brought must not stand for a log that the remote no longer has."""
    ref = private_log(context, remote)
    if (old := resolve(context.repo, ref)) is not None:
        delete_ref(context.repo, ref, old)


def accept_log(context: Context, remote: str) -> tuple[Failure, ...]:
    """Let in what was just fetched; failures say why the remote's log is not believed, and this clone's stays."""
    theirs = resolve(context.repo, private_log(context, remote))
    ours = resolve(context.repo, LOG)
    if theirs is None and ours is None:
        return ()
    try:
        _accept(context, theirs, ours)
    except CheckError as error:
        return (Failure(shared_log(context), error.check, error.message),)
    return ()


def _accept(context: Context, theirs: Oid | None, ours: Oid | None) -> None:
    if theirs is None:
        raise CheckError("receipt", "the remote no longer has the log of receipts that this clone has")
    if theirs == ours:
        return
    authorities = load_authorities(context)
    book = read_log(context, known_receipts(context, lambda: authorities), theirs, authorities)
    move_ref(context.repo, LOG, theirs, ours)
    remember(context, book)
