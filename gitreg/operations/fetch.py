"""Fetch: refs into a private corner first; registry tags are let in once they verify."""

from __future__ import annotations

from dataclasses import dataclass

from gitreg.core.names import ModelName
from gitreg.core.tag_name import TagName, parse_tag_name
from gitreg.errors import GitError
from gitreg.git.network import FetchSpec, branches_spec, private_tags, tags_spec
from gitreg.git.network import fetch as git_fetch
from gitreg.git.refs import TAGS, NewRef, TagRef, create_refs, list_refs, list_tags, tags_below
from gitreg.git.remote import remotes
from gitreg.operations.approvals import APPROVALS, drop_used
from gitreg.operations.branch import git_remote
from gitreg.operations.context import Context
from gitreg.operations.facts import incoming_facts
from gitreg.operations.receive import receive_committed
from gitreg.operations.results import Failure
from gitreg.operations.transfer import Transfer
from gitreg.trust.facts import Failed
from gitreg.trust.verify import Verifier


@dataclass(frozen=True, slots=True)
class FetchResult:
    """Tags let in, and tags that were not; the refused stay in the private corner and count for nothing.

    `approvals` names what new ones are for, as MODEL/STAGE/N; whether they count is decided when they are used.
    """

    accepted: tuple[str, ...]
    refused: tuple[Failure, ...]
    approvals: tuple[str, ...]
    models: tuple[Transfer, ...]
    git_remote: str


def fetch(context: Context, *, objects: bool = False) -> FetchResult:
    """Bring in the remote's branches, approvals and verified registry tags; with `objects`, also HEAD's bytes."""
    name = git_remote(context.repo)
    if name not in remotes(context.repo):
        raise GitError(f"no Git remote called '{name}'", hint="git remote add origin URL")
    approvals = FetchSpec(f"{APPROVALS}*", f"{APPROVALS}*")
    waiting = {ref.name for ref in list_refs(context.repo, APPROVALS)}
    git_fetch(context.repo, name, [branches_spec(name), tags_spec(name), approvals])
    ours = {ref.name: ref for ref in list_tags(context.repo)}
    theirs = {ref.name: ref for ref in tags_below(context.repo, private_tags(name))}
    new, refused = _sort(ours, theirs)
    accepted: list[NewRef] = []
    for model in sorted({tag.model for tag in new}):
        let_in, failed = _judge(context, name, model, {tag: ref for tag, ref in new.items() if tag.model == model})
        accepted += let_in
        refused += failed
    create_refs(context.repo, accepted)
    drop_used(context)
    transfers = receive_committed(context) if objects else []
    names = tuple(ref.name.removeprefix(TAGS) for ref in accepted)
    arrived = [ref.name for ref in list_refs(context.repo, APPROVALS) if ref.name not in waiting]
    for_what = tuple(ref.removeprefix(APPROVALS).rpartition("/")[0] for ref in arrived)
    return FetchResult(names, tuple(refused), for_what, tuple(transfers), name)


def _sort(ours: dict[str, TagRef], theirs: dict[str, TagRef]) -> tuple[dict[TagName, TagRef], list[Failure]]:
    """Registry tags that are new here, and complaints about those that are not what we have."""
    new: dict[TagName, TagRef] = {}
    moved = []
    for name, ref in theirs.items():
        tag = parse_tag_name(name)
        if tag is None:
            continue
        if name not in ours:
            new[tag] = ref
        elif ours[name].oid != ref.oid:
            moved.append(Failure(name, "moved", "the remote's tag is another object than the one here; yours was kept"))
    return new, moved


def _judge(
    context: Context, remote: str, model: ModelName, new: dict[TagName, TagRef]
) -> tuple[list[NewRef], list[Failure]]:
    verifier = Verifier(incoming_facts(context, model, private_tags(remote)))
    accepted, refused = [], []
    for tag, ref in new.items():
        verdict = verifier.verdict(tag)
        if isinstance(verdict, Failed):
            refused.append(Failure.of(verdict))
        else:
            accepted.append(NewRef(f"{TAGS}{tag}", ref.oid))
    return accepted, refused
