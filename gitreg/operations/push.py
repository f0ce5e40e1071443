"""Push: objects, then the branch and the registry's tags, all of them or none, then what people have decided."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from gitreg.core.oid import Oid
from gitreg.core.tag_name import parse_tag_name
from gitreg.errors import GitError, RefusedError
from gitreg.git.head import OnBranch, head
from gitreg.git.history import is_ancestor
from gitreg.git.network import ls_remote
from gitreg.git.push import Accepted, Advance, Cause, Create, PushReport, Rejected, Update
from gitreg.git.push import push as git_push
from gitreg.git.refs import TAGS, Ref, list_refs, resolve
from gitreg.git.remote import remotes
from gitreg.operations.branch import git_remote, protected_branch
from gitreg.operations.context import Context
from gitreg.operations.decisions.approvals import APPROVALS
from gitreg.operations.decisions.share import Shared, share_approvals
from gitreg.operations.marks import remember
from gitreg.operations.policy.pending import check_outgoing
from gitreg.operations.pre_push import check_tags
from gitreg.operations.send import send_committed
from gitreg.operations.transfer import Transfer


@dataclass(frozen=True, slots=True)
class PushResult:
    """What was sent where, by model and in all; `refs` are those that the Git remote did not have as they are now.

    `kept_back` are approvals and rejections that the remote would not take; everything else is there.
    """

    models: tuple[Transfer, ...]
    size: int
    files: int
    chunks: int
    new_chunks: int
    transferred: int
    seconds: float
    refs: tuple[str, ...]
    kept_back: tuple[str, ...]
    store: str
    git_remote: str | None


def push(context: Context, remote: str | None = None, *, objects_only: bool = False) -> PushResult:
    """Send everything that this clone has and the remotes lack.  Raises RefusedError, StorageError, GitError."""
    started = time.monotonic()
    transfers, place = send_committed(context, remote)
    name = git_remote(context.repo)
    shares_refs = not objects_only and name in remotes(context.repo)
    refs, shared = _share(context, name) if shares_refs else ((), Shared())
    return PushResult(
        models=tuple(transfers),
        size=sum(each.size for each in transfers),
        files=sum(each.files for each in transfers),
        chunks=sum(each.chunks for each in transfers),
        new_chunks=sum(each.new_chunks for each in transfers),
        transferred=sum(each.transferred for each in transfers),
        seconds=round(time.monotonic() - started, 3),
        refs=(*refs, *shared.sent),
        kept_back=shared.kept_back,
        store=place,
        git_remote=name if shares_refs else None,
    )


def _share(context: Context, remote: str) -> tuple[tuple[str, ...], Shared]:
    listed = ls_remote(context.repo, remote, "refs/heads/*", f"{TAGS}*", f"{APPROVALS}*")
    theirs = {ref.name: ref.oid for ref in listed}
    refs = _push_refs(context, remote, theirs)
    return refs, share_approvals(context, remote, theirs, {*theirs, *refs})


def _push_refs(context: Context, remote: str, theirs: dict[str, Oid]) -> tuple[str, ...]:
    ours = {name: ref for ref in list_refs(context.repo, TAGS) if (name := parse_tag_name(ref.name.removeprefix(TAGS)))}
    _check_unmoved(ours.values(), theirs)
    new = {name: ref for name, ref in ours.items() if ref.name not in theirs}
    check_tags(context, {name: ref.oid for name, ref in new.items()})
    updates = [*(Create(ref.name, ref.name) for ref in new.values()), *_branches(context, theirs)]
    if not updates:
        return ()
    report = git_push(context.repo, remote, updates)
    raise_rejection(report)
    remember(context.repo, {name: ref.oid for name, ref in new.items()})
    return tuple(result.ref for result in report.results if isinstance(result, Accepted))


def _branches(context: Context, theirs: dict[str, Oid]) -> list[Update]:
    """The branch that HEAD is on; and the protected one, which the tags need, where the remote's is behind it."""
    here = head(context.repo)
    updates: list[Update] = []
    if isinstance(here, OnBranch):
        if theirs.get(f"refs/heads/{here.branch}") != here.oid:
            updates.append(Advance(f"refs/heads/{here.branch}", f"refs/heads/{here.branch}"))
    else:
        context.settings.note("HEAD is on no branch, so only tags and the protected branch are pushed")
    protected = f"refs/heads/{protected_branch(context.repo).name}"
    if not any(update.target == protected for update in updates) and _is_behind(context, protected, theirs):
        updates.append(Advance(protected, protected))
    if (tip := resolve(context.repo, protected)) is not None and any(each.target == protected for each in updates):
        check_outgoing(context, tip)
    return updates


def _is_behind(context: Context, branch: str, theirs: dict[str, Oid]) -> bool:
    local, remote = resolve(context.repo, branch), theirs.get(branch)
    if local is None or local == remote:
        return False
    if remote is None:
        return True
    try:
        return is_ancestor(context.repo, remote, [branch])
    except GitError:
        return False  # the remote has commits that are not here


def _check_unmoved(ours: Iterable[Ref], theirs: dict[str, Oid]) -> None:
    for ref in ours:
        if theirs.get(ref.name, ref.oid) != ref.oid:
            name = ref.name.removeprefix(TAGS)
            raise RefusedError(
                f"the remote has another {name}; registry tags never move",
                hint=f"if yours was never shared: git tag -d '{name}', gitreg fetch, and sign again",
            )


def raise_rejection(report: PushReport) -> None:
    """Raise RefusedError if the remote refused anything; atomic pushes are refused whole."""
    if not report.rejected:
        return
    first = next((r for r in report.rejected if r.cause is not Cause.WITH_ANOTHER), report.rejected[0])
    said = f": {report.remarks[0]}" if report.remarks else ""
    raise RefusedError(f"{first.ref}: {first.cause.value}{said}", hint=_hint(first))


def _hint(rejected: Rejected) -> str:
    match rejected.cause:
        case Cause.BEHIND:
            return "git pull, then push again"
        case Cause.TAKEN | Cause.CONTENDED:
            return "gitreg fetch shows what the remote has"
        case _:
            return "the remote's hooks or branch protection decided this"
