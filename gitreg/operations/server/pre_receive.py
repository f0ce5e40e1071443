"""The server's verdict about a push, before anything of it is there: git takes all of it, or none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from gitreg.core.oid import Oid
from gitreg.core.tag_name import TagName, by_model, parse_tag_name
from gitreg.core.text import escape
from gitreg.errors import GitregError
from gitreg.git.pushed import PushedRef, parse_pushed
from gitreg.git.refs import TAGS
from gitreg.operations.context import utc_now
from gitreg.operations.facts import incoming_facts
from gitreg.operations.ground import Ground
from gitreg.operations.server.branch import check_branch
from gitreg.operations.server.hooks import HookCall
from gitreg.operations.server.push import HEADS, ServerPush, open_push, registry_tag
from gitreg.operations.server.refs import check_gitreg_ref
from gitreg.trust.facts import Facts, Failed
from gitreg.trust.receipt import assume_received
from gitreg.trust.rules import CheckError
from gitreg.trust.verify import Verifier

_ORDER: Final = "a policy change is pushed before what is signed under it; what was signed before it is signed again"


class RefusedRef(NamedTuple):
    """A ref that may not change as it would, and the step that says so."""

    ref: str
    check: str
    reason: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"{escape(self.ref)}: {self.check}: {self.reason}"


def pre_receive(call: HookCall) -> list[RefusedRef]:
    """What stands in the push's way; nothing if it may go through.  Any error it raises refuses the whole push too."""
    #  1. repositories that are no registry, and do not become one by this push, are left alone
    #  2. refs that would make git show something else than what was signed never come in
    #  3. the protected branch stays, grows, and each policy change on it is signed by the admins before it
    #  4. registry tags are never moved or deleted, and nothing takes their names' place
    #  5. new registry tags verify: as of now, under exactly the policy that was in force before this push, on commits
    #     that the branch would have after it; what makes the repository a registry brings its own past along
    #  6. refs below refs/gitreg/ are what gitreg puts there
    push = open_push(call.repo, parse_pushed(call.lines), call.settings, call.own.get("branch"))
    if push is None:
        return []
    refused = [found for ref in push.refs if (found := _refusal(push, ref)) is not None]
    if push.after is None:
        return refused
    return [*refused, *_refused_tags(push)]


def pre_receive_hook(call: HookCall) -> int:
    """The verdict as the pusher hears it: a line for each refused ref, and what may help."""
    refused = pre_receive(call)
    for ref in refused:
        call.settings.note(f"refused: {ref}")
    for hint in dict.fromkeys(ref.hint for ref in refused if ref.hint):
        call.settings.note(f"hint: {hint}")
    if refused:
        call.settings.note("nothing of this push was accepted")
    return 1 if refused else 0


def _refusal(push: ServerPush, ref: PushedRef) -> RefusedRef | None:
    try:
        _check(push, ref)
    except CheckError as error:
        return RefusedRef(ref.name, error.check, error.message, error.hint)
    except GitregError as error:
        return RefusedRef(ref.name, error.kind, error.message, error.hint)
    return None


def _check(push: ServerPush, ref: PushedRef) -> None:
    if ref.name.startswith("refs/replace/"):
        raise CheckError("replace", "replaced objects are not what was signed")
    if ref.name == HEADS + push.branch:
        check_branch(push, ref)
    elif ref.name.startswith(TAGS):
        _check_tag_ref(ref)
    elif ref.name.startswith("refs/gitreg/"):
        check_gitreg_ref(push, ref)


def _check_tag_ref(ref: PushedRef) -> None:
    if registry_tag(ref.name) is not None:
        if ref.new is None:
            raise CheckError("deleted", "registry tags are never deleted", hint="gitreg deregister, gitreg unassign")
        if ref.old is not None:
            raise CheckError("moved", "registry tags never move", hint="gitreg register makes a new version")
    elif any(parse_tag_name(folder) for folder in _folders(ref.name.removeprefix(TAGS))) and ref.new is not None:
        raise CheckError("name", "it would take the place of a registry tag")


def _folders(name: str) -> Iterator[str]:
    parts = name.split("/")
    return ("/".join(parts[:depth]) for depth in range(1, len(parts)))


def _refused_tags(push: ServerPush) -> Iterator[RefusedRef]:
    """One look at the repository for all new tags of a model."""
    with Ground(push.context, push.seen) as ground:
        for model, new in by_model(push.new_tags).items():
            yield from _refused_of(push, incoming_facts(ground, model, new), new)


def _refused_of(push: ServerPush, facts: Facts, new: dict[TagName, Oid]) -> Iterator[RefusedRef]:
    if push.before is not None:
        # the tagger's date is the signer's claim, this clock is not: a key that has run out can't sign for the past
        facts = assume_received(facts, new.values(), int(utc_now().timestamp()))
    verifier = Verifier(facts)
    for name, oid in new.items():
        verdict = verifier.verdict(name)
        if isinstance(verdict, Failed):
            yield RefusedRef(f"{TAGS}{name}", verdict.check, verdict.reason, _hint(verdict))
        elif facts.tags[name].oid != oid:
            yield RefusedRef(f"{TAGS}{name}", "moved", "there is another tag of this name")
        elif push.before is not None and verdict.event.policy != facts.policy:
            yield _outdated(name, verdict.event.policy, facts)


def _outdated(name: TagName, cited: Oid, facts: Facts) -> RefusedRef:
    return RefusedRef(
        f"{TAGS}{name}",
        "policy",
        f"it cites the policy {cited[:12]}, and {facts.policy[:12]} is in force here",
        _ORDER,
    )


def _hint(verdict: Failed) -> str | None:
    return _ORDER if verdict.check == "policy" else None
