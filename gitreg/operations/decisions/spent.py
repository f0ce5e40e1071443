"""Decisions that serve no more: their event is signed, or their time is over.  They go, here and on the remote."""

from __future__ import annotations

from collections.abc import Container, Iterable

from gitreg.core.event import ApprovalRecord
from gitreg.errors import GitregError, RefusedError
from gitreg.git.refs import TAGS, Ref, delete_refs, list_refs
from gitreg.operations.context import Context, utc_now
from gitreg.operations.decisions.approvals import APPROVALS, FiledDecision, read_decisions
from gitreg.trust.approval import has_expired


def serves_no_more(ref: str, tags: Container[str]) -> bool:
    """Whether the event that a decision is about is among the signed `tags` (full ref names)."""
    folder = ref.removeprefix(APPROVALS).rpartition("/")[0]
    stage, _, n = folder.rpartition("/")
    model, _, stage = stage.rpartition("/")
    return f"{TAGS}{model}#{stage}#{n}" in tags or f"{TAGS}{model}#{stage}!#{n}" in tags


def is_over(filed: FiledDecision) -> bool:
    """Whether it is an approval whose time is over, or never was a time."""
    decision = filed.file.decision
    try:
        return isinstance(decision, ApprovalRecord) and has_expired(decision, utc_now())
    except GitregError:
        return True


def drop_spent(context: Context) -> None:
    """Forget them here.  What somebody else drops at the same moment is gone as well."""
    refs = list_refs(context.repo, APPROVALS)
    if not refs:
        return
    tags = {ref.name for ref in list_refs(context.repo, TAGS)}
    used = [ref for ref in refs if serves_no_more(ref.name, tags)]
    _drop(context, [*used, *_expired(context, [ref for ref in refs if ref not in used])])


def _expired(context: Context, refs: list[Ref]) -> Iterable[Ref]:
    places = {filed.place for filed in read_decisions(context, refs) if is_over(filed)}
    return (ref for ref in refs if ref.name in places)


def _drop(context: Context, refs: list[Ref]) -> None:
    for ref in refs:
        try:
            delete_refs(context.repo, [ref])
        except RefusedError:
            continue
