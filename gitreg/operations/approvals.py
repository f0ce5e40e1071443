"""Approvals that wait for their promotion: blobs under `refs/gitreg/approvals/MODEL/STAGE/N/`, shared like any ref."""

from __future__ import annotations

from dataclasses import dataclass

from gitreg.core.approval_file import ApprovalFile, parse_approval
from gitreg.core.digest import Digest
from gitreg.core.event import Assignment
from gitreg.core.names import Principal
from gitreg.errors import FormatError
from gitreg.git.objects import GitObject, ObjectReader, write_object
from gitreg.git.refs import TAGS, Ref, create_ref, delete_ref, list_refs, resolve
from gitreg.operations.context import Context

APPROVALS = "refs/gitreg/approvals/"


@dataclass(frozen=True, slots=True)
class WaitingApproval:
    """An approval found in the repository; nothing in it is verified yet."""

    ref: Ref
    file: ApprovalFile


def folder_of(event: Assignment) -> str:
    return f"{APPROVALS}{event.model}/{event.stage}/{event.n}/"


def waiting_approvals(context: Context, event: Assignment) -> list[WaitingApproval]:
    """The well-formed approvals filed for one event."""
    refs = list_refs(context.repo, folder_of(event))
    with ObjectReader(context.repo) as reader:
        answers = list(reader.read_many(ref.oid for ref in refs))
    found = []
    for ref, answer in zip(refs, answers, strict=True):
        if isinstance(answer, GitObject) and (file := _parsed(answer.data)) is not None:
            found.append(WaitingApproval(ref, file))
    return found


def file_approval(context: Context, event: Assignment, data: bytes, principal: Principal) -> str:
    """Put an approval where promoters look.  Returns the ref, which is never overwritten: its name has a digest."""
    ref = f"{folder_of(event)}{Digest.of(principal.encode()).hex[:16]}-{Digest.of(data).hex[:16]}"
    if resolve(context.repo, ref) is None:  # who approves twice within a second makes the very same approval
        create_ref(context.repo, ref, write_object(context.repo, "blob", data))
    return ref


def drop_used(context: Context) -> None:
    """Forget the approvals of events that have been signed: each serves once."""
    signed = {ref.name for ref in list_refs(context.repo, TAGS)}
    for ref in list_refs(context.repo, APPROVALS):
        folder = ref.name.removeprefix(APPROVALS).rpartition("/")[0]
        stage, _, n = folder.rpartition("/")
        model, _, stage = stage.rpartition("/")
        if {f"{TAGS}{model}#{stage}#{n}", f"{TAGS}{model}#{stage}!#{n}"} & signed:
            delete_ref(context.repo, ref.name, ref.oid)


def _parsed(data: bytes) -> ApprovalFile | None:
    try:
        return parse_approval(data)
    except FormatError:
        return None
