"""Making a fresh local ref everybody's, at once: `--push` on the commands that sign."""

from __future__ import annotations

from gitreg.errors import RefusedError
from gitreg.git.network import ls_remote
from gitreg.git.push import Create
from gitreg.git.push import push as git_push
from gitreg.git.refs import TAGS, delete_ref
from gitreg.operations.branch import git_remote
from gitreg.operations.context import Context
from gitreg.operations.decisions.share import FILE_HINT
from gitreg.operations.push import push as push_all
from gitreg.operations.push import raise_rejection
from gitreg.operations.results import EventResult
from gitreg.trust.facts import Verified


def publish(context: Context, verified: Verified, *, push: bool) -> EventResult:
    """Push a signed event, and all that it builds on, if asked to.

    RefusedError, and ours is taken back, if somebody else took its name first.
    """
    if not push:
        return EventResult.of(verified, pushed=False)
    try:
        push_all(context)
    except RefusedError:
        if not _taken(context, verified):
            raise
        delete_ref(context.repo, f"{TAGS}{verified.name}", verified.oid)
        message = f"somebody else has signed {verified.name} meanwhile; nothing was pushed"
        raise RefusedError(message, hint="gitreg fetch, then try again") from None
    return EventResult.of(verified, pushed=True)


def publish_approval(context: Context, ref: str) -> None:
    """Push one decision by itself.  RefusedError, with the way out, if the remote does not take it."""
    report = git_push(context.repo, git_remote(context.repo), [Create(ref, ref)])
    try:
        raise_rejection(report)
    except RefusedError as error:
        raise RefusedError(error.message, hint=FILE_HINT) from None


def _taken(context: Context, verified: Verified) -> bool:
    theirs = ls_remote(context.repo, git_remote(context.repo), f"{TAGS}{verified.name}")
    return any(ref.oid != verified.oid for ref in theirs)
