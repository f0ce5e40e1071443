"""Fetch: refs into a private corner first; registry tags are let in once they verify."""

from __future__ import annotations

from dataclasses import dataclass

from gitreg.core.oid import Oid
from gitreg.core.tag_name import TagName, by_model, parse_tag_name
from gitreg.errors import GitError
from gitreg.git.network import branches_spec, private_tags, tags_spec
from gitreg.git.network import fetch as git_fetch
from gitreg.git.refs import TAGS, NewRef, TagRef, create_refs, list_tags, pack_refs, tags_below
from gitreg.git.remote import remotes
from gitreg.operations.branch import git_remote
from gitreg.operations.context import Context
from gitreg.operations.decisions.incoming import approvals_spec, let_in
from gitreg.operations.decisions.spent import drop_spent
from gitreg.operations.facts import incoming_facts
from gitreg.operations.ground import Ground
from gitreg.operations.marks import remember, seen_tags
from gitreg.operations.policy.pending import policy_failures, shared_tip
from gitreg.operations.receipts.fetch import accept_log, log_spec
from gitreg.operations.receive import receive_committed
from gitreg.operations.results import Failure
from gitreg.operations.transfer import Transfer
from gitreg.trust.facts import Facts, Failed
from gitreg.trust.verify import Verifier

_MANY = 1_000  # so many loose refs make every later listing slow


@dataclass(frozen=True, slots=True)
class FetchResult:
    """Tags let in, and tags that were not; the refused stay in the private corner and count for nothing.

    `approvals` names what new approvals and rejections are for, as MODEL/STAGE/N; whether they count is decided when
    they are used.
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
    # tags before branches: the commits that a tag needs are on the branch before the tag is anywhere
    git_fetch(context.repo, name, [tags_spec(name)], prune=True)
    known = shared_tip(context.repo)
    git_fetch(context.repo, name, [branches_spec(name), approvals_spec(name), log_spec(context, name)])
    logged = accept_log(context, name)
    ours = {ref.name: ref for ref in list_tags(context.repo)}
    theirs = {ref.name: ref for ref in tags_below(context.repo, private_tags(name))}
    new, refused = _sort(ours, theirs)
    refused += logged
    accepted: list[NewRef] = []
    with Ground(context) as ground:
        for model, tags in by_model(new).items():
            verified, failed = _judge(tags, incoming_facts(ground, model, tags))
            accepted += verified
            refused += failed
    create_refs(context.repo, accepted)
    if len(accepted) > _MANY:
        pack_refs(context.repo)
    refused += policy_failures(context, known)
    refused += _gone(context, ours, theirs)
    _remember(context, accepted, ours, theirs)
    approvals = let_in(context, name)
    drop_spent(context)
    transfers = receive_committed(context) if objects else []
    names = tuple(ref.name.removeprefix(TAGS) for ref in accepted)
    return FetchResult(names, tuple(refused), approvals, tuple(transfers), name)


def _sort(ours: dict[str, TagRef], theirs: dict[str, TagRef]) -> tuple[dict[TagName, Oid], list[Failure]]:
    """Registry tags that are new here, and complaints about those that are not what we have."""
    new: dict[TagName, Oid] = {}
    moved = []
    for name, ref in theirs.items():
        tag = parse_tag_name(name)
        if tag is None:
            continue
        if name not in ours:
            new[tag] = ref.oid
        elif ours[name].oid != ref.oid:
            moved.append(Failure(name, "moved", "the remote's tag is another object than the one here; yours was kept"))
    return new, moved


def _gone(context: Context, ours: dict[str, TagRef], theirs: dict[str, TagRef]) -> list[Failure]:
    """Complaints about tags that were shared once and that the remote does not have any more."""
    away = {tag for name in ours.keys() - theirs.keys() if (tag := parse_tag_name(name))}
    shared = {name for model in {tag.model for tag in away} for name in seen_tags(context.repo, model)}
    names = sorted(str(tag) for tag in away if str(tag) in shared)
    return [Failure(name, "deleted", "the remote has it no more; yours was kept") for name in names]


def _remember(context: Context, accepted: list[NewRef], ours: dict[str, TagRef], theirs: dict[str, TagRef]) -> None:
    same = {name: ref.oid for name, ref in ours.items() if name in theirs and theirs[name].oid == ref.oid}
    new = {ref.name.removeprefix(TAGS): ref.oid for ref in accepted}
    remember(context.repo, {tag: oid for name, oid in (same | new).items() if (tag := parse_tag_name(name))})


def _judge(new: dict[TagName, Oid], facts: Facts) -> tuple[list[NewRef], list[Failure]]:
    verifier = Verifier(facts)
    accepted, refused = [], []
    for tag, oid in new.items():
        verdict = verifier.verdict(tag)
        if isinstance(verdict, Failed):
            refused.append(Failure.of(verdict))
        else:
            accepted.append(NewRef(f"{TAGS}{tag}", oid))
    return accepted, refused
