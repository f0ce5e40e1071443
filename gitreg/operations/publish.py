"""Making a fresh local ref everybody's: objects first, then the ref and its branch in one atomic push."""

from __future__ import annotations

from gitreg.errors import RefusedError
from gitreg.git.push import Advance, Cause, Create, PushReport, Rejected, Update
from gitreg.git.push import push as git_push
from gitreg.git.refs import TAGS, delete_ref
from gitreg.operations.branch import git_remote, protected_branch
from gitreg.operations.context import Context
from gitreg.operations.results import EventResult
from gitreg.operations.send import send_committed
from gitreg.trust.facts import Verified


def publish(context: Context, verified: Verified, *, push: bool) -> EventResult:
    """Push a signed event if asked to.  RefusedError, and ours is taken back, if somebody else took its name first."""
    if not push:
        return EventResult.of(verified, pushed=False)
    ref = f"{TAGS}{verified.name}"
    send_committed(context)
    report = git_push(context.repo, git_remote(context.repo), [Create(ref, ref), *_branch(context)])
    taken = [result for result in report.rejected if result.ref == ref and result.cause is Cause.TAKEN]
    if taken:
        delete_ref(context.repo, ref, verified.oid)
        raise RefusedError(
            f"somebody else has signed {verified.name} meanwhile; nothing was pushed",
            hint="gitreg fetch, then try again",
        )
    raise_rejection(report)
    return EventResult.of(verified, pushed=True)


def publish_ref(context: Context, ref: str) -> bool:
    """Push one new ref by itself."""
    raise_rejection(git_push(context.repo, git_remote(context.repo), [Create(ref, ref)]))
    return True


def raise_rejection(report: PushReport) -> None:
    """Raise RefusedError if the remote refused anything; atomic pushes are refused whole."""
    if not report.rejected:
        return
    first = next((r for r in report.rejected if r.cause is not Cause.WITH_ANOTHER), report.rejected[0])
    said = f": {report.remarks[0]}" if report.remarks else ""
    raise RefusedError(f"{first.ref}: {first.cause.value}{said}", hint=_hint(first))


def _hint(rejected: Rejected) -> str:
    if rejected.cause is Cause.BEHIND:
        return "git pull, then push again"
    if rejected.cause is Cause.TAKEN:
        return "gitreg fetch shows what the remote has"
    return "the remote's hooks or branch protection decided this"


def _branch(context: Context) -> list[Update]:
    """The tagged commit must be on the remote's protected branch too, so that branch goes along."""
    branch = protected_branch(context.repo)
    local = f"refs/heads/{branch.name}"
    return [Advance(local, local)] if local in branch.ref_names else []
