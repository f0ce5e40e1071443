"""Sharing what people have decided, apart from branch and tags: hosts may refuse such refs, or to delete them."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import NamedTuple

from gitreg.core.oid import Oid
from gitreg.git.push import Accepted, Create, Delete, Update
from gitreg.git.push import push as git_push
from gitreg.git.refs import list_refs
from gitreg.operations.context import Context
from gitreg.operations.decisions.approvals import APPROVALS
from gitreg.operations.decisions.spent import serves_no_more

FILE_HINT = "some hosts take no refs of this kind; file it in the repository instead: gitreg approve --file"


class Shared(NamedTuple):
    """The refs that the remote took, and those it refused."""

    sent: tuple[str, ...] = ()
    kept_back: tuple[str, ...] = ()


def share_approvals(context: Context, remote: str, theirs: Mapping[str, Oid], tags: Container[str]) -> Shared:
    """Send the decisions that the remote lacks, and remove those there that serve no more; refusals are told.

    `theirs` are the refs the remote had when last asked, `tags` the full names of the events that it has by now.
    """
    ours = [ref.name for ref in list_refs(context.repo, APPROVALS) if ref.name not in theirs]
    waiting = {name: oid for name, oid in theirs.items() if name.startswith(APPROVALS)}
    creates = [Create(name, name) for name in ours if not serves_no_more(name, tags)]
    deletes = [Delete(name, oid) for name, oid in waiting.items() if serves_no_more(name, tags)]
    _attempt(context, remote, deletes, "used approvals stay on the remote")
    sent = _attempt(context, remote, creates, f"the remote refused approvals or rejections: {FILE_HINT}")
    return Shared(sent, tuple(update.target for update in creates if update.target not in sent))


def _attempt(context: Context, remote: str, updates: list[Create] | list[Delete], otherwise: str) -> tuple[str, ...]:
    if not updates:
        return ()
    wanted: list[Update] = [*updates]
    report = git_push(context.repo, remote, wanted)
    if report.rejected:
        said = f" ({report.rejected[0].cause.value})"
        context.settings.note(otherwise + said)
        return ()
    return tuple(result.ref for result in report.results if isinstance(result, Accepted))
