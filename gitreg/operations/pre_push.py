"""What the pre-push hook checks: objects go before the refs that need them, and no tag goes that readers refuse."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gitreg.core.oid import Oid
from gitreg.core.tag_name import TagName, parse_tag_name
from gitreg.errors import RefusedError
from gitreg.git.refs import TAGS
from gitreg.operations.context import Context
from gitreg.operations.facts import model_facts
from gitreg.operations.pointers import committed_pointers
from gitreg.operations.stores import NoRemoteError, remote_store
from gitreg.trust.facts import Failed
from gitreg.trust.verify import Verifier


@dataclass(frozen=True, slots=True)
class OutgoingRef:
    """One line of what git tells a pre-push hook; `oid` is null for a deletion."""

    name: str
    oid: Oid


def check_push(context: Context, lines: Iterable[str]) -> None:
    """Raise RefusedError unless everything that is about to be pushed may be."""
    outgoing = [ref for line in lines if (ref := _parse(line)) is not None]
    for ref in outgoing:
        name = parse_tag_name(ref.name.removeprefix(TAGS)) if ref.name.startswith(TAGS) else None
        if name is not None and ref.oid.is_null:
            raise RefusedError(
                f"{name} is a registry tag, and those are never deleted", hint="gitreg deregister, unassign"
            )
        if name is not None:
            _check_tag(context, name)
    commits = [ref.oid for ref in outgoing if ref.name.startswith("refs/heads/") and not ref.oid.is_null]
    for commit in commits:
        _check_objects(context, commit)


def _parse(line: str) -> OutgoingRef | None:
    fields = line.split(" ")
    return OutgoingRef(fields[2], Oid.parse(fields[1])) if len(fields) == 4 else None


def _check_tag(context: Context, name: TagName) -> None:
    facts = model_facts(context, name.model)
    verdict = Verifier(facts).verdict(name) if name in facts.tags else None
    if isinstance(verdict, Failed):
        raise RefusedError(
            f"{name} would not be accepted by readers: {verdict.check}: {verdict.reason}",
            hint=f"gitreg verify {name.model}",
        )


def _check_objects(context: Context, commit: Oid) -> None:
    wanted = {found.pointer.manifest: found for found in committed_pointers(context.repo, commit)}
    if not wanted:
        return
    try:
        have = remote_store(context).present(list(wanted))
    except NoRemoteError:
        have = set()
    absent = [found for manifest, found in wanted.items() if manifest not in have]
    if absent:
        raise RefusedError(
            f"the objects of {absent[0].path} are not on the remote yet",
            hint="gitreg push sends objects first, then refs",
        )
