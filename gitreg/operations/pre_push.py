"""What the pre-push hook checks: objects go before the refs that need them, and no tag goes that readers refuse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from gitreg.core.digest import Digest
from gitreg.core.event import Assignment, Registration
from gitreg.core.names import ModelName
from gitreg.core.oid import Oid
from gitreg.core.tag_name import TagName, by_model, parse_tag_name
from gitreg.errors import RefusedError
from gitreg.git.refs import TAGS
from gitreg.operations.branch import git_remote, protected_branch
from gitreg.operations.complete import incomplete
from gitreg.operations.context import Context, utc_now
from gitreg.operations.facts import model_facts
from gitreg.operations.pointers import committed_pointers, unshared_pointers
from gitreg.operations.policy.pending import check_outgoing
from gitreg.operations.stores import NoRemoteError, local_store, remote_store
from gitreg.storage.verified import read_chunk_list
from gitreg.trust.facts import Failed
from gitreg.trust.receipt import assume_received
from gitreg.trust.verify import Verifier


@dataclass(frozen=True, slots=True)
class OutgoingRef:
    """One line of what git tells a pre-push hook; `oid` is null for a deletion."""

    name: str
    oid: Oid


def check_push(context: Context, lines: Iterable[str]) -> None:
    """Raise RefusedError unless everything that is about to be pushed may be."""
    outgoing = [ref for line in lines if (ref := _parse(line)) is not None]
    needed = check_tags(context, {name: ref.oid for ref in outgoing if (name := _tag_name(ref)) is not None})
    leaving = set(needed)
    for ref in outgoing:
        if ref.name.startswith("refs/heads/") and not ref.oid.is_null:
            unshared = unshared_pointers(context.repo, git_remote(context.repo), ref.oid)
            leaving |= {found.pointer.manifest for found in unshared}
            pointers = [*committed_pointers(context.repo, ref.oid), *unshared]
            needed |= {found.pointer.manifest: found.path for found in pointers}
            if ref.name == f"refs/heads/{protected_branch(context.repo).name}":
                check_outgoing(context, ref.oid)
    _check_objects(context, needed, leaving)


def check_tags(context: Context, tags: Mapping[TagName, Oid]) -> dict[Digest, str]:
    """The manifests that the tags refer to, each with a name for it.  RefusedError unless readers accept them all."""
    needed: dict[Digest, str] = {}
    for model, theirs in by_model(tags).items():
        needed |= _checked_tags(context, model, theirs)
    return needed


def _parse(line: str) -> OutgoingRef | None:
    fields = line.split(" ")
    return OutgoingRef(fields[2], Oid.parse(fields[1])) if len(fields) == 4 else None


def _tag_name(ref: OutgoingRef) -> TagName | None:
    return parse_tag_name(ref.name.removeprefix(TAGS)) if ref.name.startswith(TAGS) else None


def _checked_tags(context: Context, model: ModelName, tags: dict[TagName, Oid]) -> dict[Digest, str]:
    # whoever confirms them can do so only once they are shared
    facts = assume_received(model_facts(context, model), tags.values(), int(utc_now().timestamp()))
    verifier = Verifier(facts)
    needed: dict[Digest, str] = {}
    for name, oid in tags.items():
        if oid.is_null:
            raise RefusedError(
                f"{name} is a registry tag, and those are never deleted", hint="gitreg deregister, unassign"
            )
        # what was verified here is the tag of that name, so nothing else may go out under it
        if name not in facts.tags or facts.tags[name].oid != oid:
            raise RefusedError(f"what would become {name} is not the tag {name} of this clone", hint="gitreg push")
        verdict = verifier.verdict(name)
        if isinstance(verdict, Failed):
            raise RefusedError(
                f"{name} would not be accepted by readers: {verdict.check}: {verdict.reason}",
                hint=f"gitreg verify {model}",
            )
        if isinstance(verdict.event, Registration | Assignment):
            needed[verdict.event.manifest] = str(name)
    return needed


def _check_objects(context: Context, needed: dict[Digest, str], leaving: set[Digest]) -> None:
    """Of what nobody has been told of yet, each chunk must be there: gc may have taken some from behind a manifest."""
    if not needed:
        return
    here = local_store(context)
    parts = {each: {chunk.digest for chunk in read_chunk_list(here, each)} for each in here.present(leaving)}
    try:
        remote = remote_store(context)
        have = remote.present({*needed, *chain.from_iterable(parts.values())})
        have -= incomplete(remote, (leaving & have) - parts.keys())
    except NoRemoteError:
        have = set()
    absent = [name for manifest, name in needed.items() if not have >= {manifest, *parts.get(manifest, ())}]
    if absent:
        raise RefusedError(
            f"the objects of {absent[0]} are not on the remote yet",
            hint="gitreg push sends objects first, then refs",
        )
