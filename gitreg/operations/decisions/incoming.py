"""Decisions from the remote: into a private corner first; let in if they are well-formed and still serve."""

from __future__ import annotations

from gitreg.git.network import FetchSpec
from gitreg.git.network import fetch as git_fetch
from gitreg.git.refs import TAGS, NewRef, Ref, create_refs, delete_refs, list_refs
from gitreg.git.remote import remotes
from gitreg.operations.branch import git_remote
from gitreg.operations.context import Context
from gitreg.operations.decisions.approvals import APPROVALS, FiledDecision, folder_of, read_decisions, ref_of
from gitreg.operations.decisions.spent import is_over, serves_no_more
from gitreg.operations.draft import AssignmentDraft
from gitreg.trust.approval import approval_rule


def approvals_spec(remote: str, folder: str = "") -> FetchSpec:
    """Brings the remote's decisions to where they touch nothing of ours: neither moved nor deleted ones do."""
    return FetchSpec(f"{APPROVALS}{folder}*", f"{_corner(remote)}{folder}*")


def let_in(context: Context, remote: str) -> tuple[str, ...]:
    """Take over what a fetch brought, and empty the corner.  Returns what the new ones are for (MODEL/STAGE/N)."""
    corner = _corner(remote)
    brought = list_refs(context.repo, corner)
    if not brought:
        return ()
    ours = [Ref(f"{APPROVALS}{ref.name.removeprefix(corner)}", ref.oid, ref.object_type) for ref in brought]
    have = {ref.name for ref in list_refs(context.repo, TAGS, APPROVALS)}
    unknown = [ref for ref in ours if ref.name not in have and not serves_no_more(ref.name, have)]
    wanted = {filed.place: filed for filed in read_decisions(context, unknown) if _belongs(context, filed)}
    create_refs(context.repo, [NewRef(ref.name, ref.oid) for ref in unknown if ref.name in wanted])
    delete_refs(context.repo, brought)
    return tuple(folder_of(filed.file.request).removesuffix("/") for filed in wanted.values())


def refresh(context: Context, draft: AssignmentDraft) -> None:
    """Ask the remote, if there is one, what people have decided about the draft: it may be a rejection.

    Where nobody has a say, nothing waits for the network: least of all a rollback in an emergency.
    """
    remote = git_remote(context.repo)
    if approval_rule(draft.request, draft.policy).from_roles and remote in remotes(context.repo):
        git_fetch(context.repo, remote, [approvals_spec(remote, folder_of(draft.event))])
        let_in(context, remote)


def _belongs(context: Context, filed: FiledDecision) -> bool:
    """Whether it still serves, and lies where its content says."""
    if filed.place != ref_of(filed.file):
        context.settings.note(f"passed over: {filed.place}: its name is not that of what it holds")
        return False
    return not is_over(filed)


def _corner(remote: str) -> str:
    return f"refs/gitreg/remotes/{remote}/approvals/"
