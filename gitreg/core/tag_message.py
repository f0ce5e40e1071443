"""The text of a registry tag: a subject, free text, then `Gitreg-` trailers, and the event they spell.

    Promote mnist v1.2.0 to production
    <blank>
    free text, any number of paragraphs
    <blank>
    Gitreg-Format: 1
    Gitreg-Registry: 6c0e...
    Gitreg-Action: promote
    ...

Parsing is strict: each trailer once and in this order (Gate and Approval repeat), none unknown, none in the free text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple, assert_never

from gitreg.core.digest import Digest
from gitreg.core.event import (
    ApprovalRecord,
    Assignment,
    Cause,
    Deprecation,
    Deregistration,
    Event,
    GateRecord,
    PointerAt,
    Registration,
    StageEvent,
    Unassignment,
)
from gitreg.core.names import ModelName, Principal, StageName
from gitreg.core.oid import Oid
from gitreg.core.registry_id import RegistryId
from gitreg.core.tag_name import StageTag, TagName
from gitreg.core.text import escape
from gitreg.core.version import Version
from gitreg.errors import FormatError, GitregError, UsageError

FORMAT = "1"
MAX_MESSAGE_BYTES = 1 << 20
MAX_PATH_LENGTH = 1000

_TRAILER = re.compile(r"^Gitreg-([A-Z][A-Za-z-]*): ([^\n]+)$", re.MULTILINE)
_UNSAFE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_REPEATED = frozenset({"Gate", "Approval"})
_GATE = re.compile(
    r"([a-z0-9][a-z0-9_-]{0,63}) (pass|pass\+margin|fail|error) (?:(blake3:[0-9a-f]{64}) (?=\S))?(\S[^\n]{0,199})"
)
_APPROVAL = re.compile(r"(\S+) (never|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z) ([A-Za-z0-9+/]+={0,2})")

_COMMON = ("Format", "Registry", "Action", "Model")
_TRAILERS: dict[str, tuple[str, ...]] = {
    "register": (*_COMMON, "Version", "Manifest", "Pointer", "Policy"),
    "deregister": (*_COMMON, "Version", "Version-Tag", "Policy"),
    "promote": (*_COMMON, "Version", "Version-Tag", "Stage", "Manifest", "Pointer", "Previous", "Policy"),
    "rollback": (*_COMMON, "Version", "Version-Tag", "Stage", "Manifest", "Pointer", "Previous", "Policy"),
    "unassign": (*_COMMON, "Stage", "Previous", "Policy"),
    "deprecate": (*_COMMON, "Policy"),
}
_MAY_REPEAT = frozenset({"promote", "rollback"})

# Thousands of tags repeat a handful of values.
_registry, _policy = lru_cache(RegistryId.parse), lru_cache(Oid.parse)
_model, _stage = lru_cache(ModelName.parse), lru_cache(StageName.parse)
_digest = lru_cache(Digest.parse)


class TagMessage(NamedTuple):
    """A tag's message, taken apart; `text` is the person's own words (may be empty)."""

    event: Event
    text: str = ""


def clean_text(text: str) -> str:
    """Normalise a person's message so that it survives a round trip.  Raises UsageError if it can't be in a tag."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").strip().split("\n")]
    cleaned = re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
    if _UNSAFE.search(cleaned):
        raise UsageError("the message has control characters", hint="use plain text; line breaks are fine")
    if len(cleaned.encode()) > MAX_MESSAGE_BYTES // 4:
        raise UsageError("the message is longer than 256 KiB", hint="put long texts into the model card")
    if any(_reserved(line) for line in cleaned.split("\n")):
        raise UsageError("the message has a line that starts with 'Gitreg-' or a signature header",
                         hint="those lines are written by gitreg itself")  # fmt: skip
    return cleaned


def _reserved(line: str) -> bool:
    return line.startswith(("Gitreg-", "-----BEGIN "))


def format_message(message: TagMessage) -> str:
    """Spell a message; `parse_message` is its inverse."""
    text = clean_text(message.text) if message.text else ""
    middle = f"{text}\n\n" if text else ""
    return f"{subject_of(message.event)}\n\n{middle}{_spell(message.event)}"


def subject_of(event: Event) -> str:
    """The first line that people see in `git tag -n`."""
    match event:
        case Registration():
            return f"Register {event.model} {event.version}"
        case Deregistration():
            return f"Deregister {event.model} {event.version}"
        case Assignment(cause=Cause.PROMOTE):
            return f"Promote {event.model} {event.version} to {event.stage}"
        case Assignment():
            return f"Roll {event.stage} of {event.model} back to {event.version}"
        case Unassignment():
            return f"Empty {event.stage} of {event.model}"
        case Deprecation():
            return f"Deprecate {event.model}"
        case _:
            assert_never(event)


def _spell(event: Event) -> str:
    """The trailers, each on its line."""
    match event:
        case Registration():
            action, own = "register", f"Gitreg-Version: {event.version}\n{_artifact(event)}"
        case Deregistration():
            action, own = "deregister", f"Gitreg-Version: {event.version}\nGitreg-Version-Tag: {event.version_tag}\n"
        case Assignment():
            action = event.cause.value
            version = f"Gitreg-Version: {event.version}\nGitreg-Version-Tag: {event.version_tag}\n"
            own = f"{version}Gitreg-Stage: {event.stage}\n{_artifact(event)}{_previous(event)}"
        case Unassignment():
            action, own = "unassign", f"Gitreg-Stage: {event.stage}\n{_previous(event)}"
        case Deprecation():
            action, own = "deprecate", ""
        case _:
            assert_never(event)
    head = f"Gitreg-Format: {FORMAT}\nGitreg-Registry: {event.registry}\nGitreg-Action: {action}\n"
    return f"{head}Gitreg-Model: {event.model}\n{own}Gitreg-Policy: {event.policy}\n{_evidence(event)}"


def _artifact(event: Registration | Assignment) -> str:
    return f"Gitreg-Manifest: {event.manifest}\nGitreg-Pointer: {event.pointer.path} {event.pointer.digest}\n"


def _previous(event: StageEvent) -> str:
    return f"Gitreg-Previous: {event.previous or 'none'}\n"


def _evidence(event: Event) -> str:
    if not isinstance(event, Assignment):
        return ""
    gates = (f"Gitreg-Gate: {' '.join(_gate_words(gate))}\n" for gate in event.gates)
    approvals = (f"Gitreg-Approval: {a.principal} {a.expires} {a.signature}\n" for a in event.approvals)
    return "".join((*gates, *approvals))


def _gate_words(gate: GateRecord) -> Iterator[str]:
    yield from (gate.name, gate.verdict)
    if gate.evidence is not None:
        yield str(gate.evidence)
    yield gate.figure


def parse_message(text: str, name: TagName) -> TagMessage:
    """Parse the message of the tag called `name`.  Raises FormatError unless it is what we would have written."""
    if len(text) > MAX_MESSAGE_BYTES:
        raise FormatError("the tag's message is longer than 1 MiB")
    *paragraphs, last = text.removesuffix("\n").split("\n\n")
    trailers = _read_trailers(last)
    try:
        event = _Trailers(trailers).event(name)
    except GitregError as error:
        raise FormatError(error.message, hint=error.hint) from None
    message = TagMessage(event, "\n\n".join(paragraphs[1:]))
    if _canonical(message) != text:
        raise FormatError("the tag's message is not in the form that gitreg writes")
    return message


def _canonical(message: TagMessage) -> str:
    try:
        return format_message(message)
    except UsageError as error:
        raise FormatError(error.message) from None


def _read_trailers(paragraph: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = _TRAILER.findall(paragraph)
    if len(pairs) != paragraph.count("\n") + 1:
        wrong = next(line for line in paragraph.split("\n") if _TRAILER.fullmatch(line) is None)
        raise FormatError(f"not a gitreg trailer: '{escape(wrong[:80])}'")
    if pairs[0] != ("Format", FORMAT):
        raise FormatError(f"unknown tag format: '{escape(': '.join(pairs[0])[:80])}'",
                          hint="a newer gitreg may have written this tag; upgrade to read it")  # fmt: skip
    return pairs


class _Trailers:
    """Typed access to one tag's trailers, after checking which they are."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        names, values = zip(*pairs, strict=True)
        action = dict(pairs).get("Action", "")
        keys = _TRAILERS.get(action, ())
        self._single: dict[str, str] = dict(zip(keys, values, strict=False))
        self._evidence = pairs[len(keys) :]
        if not keys or names[: len(keys)] != keys or not _REPEATED.issuperset(names[len(keys) :]):
            raise FormatError(f"wrong trailers for the action '{escape(action[:40])}'")
        if self._evidence and action not in _MAY_REPEAT:
            raise FormatError(f"gates or approvals on the action '{action}'")
        self._action = action

    def event(self, name: TagName) -> Event:
        registry = _registry(self._single["Registry"])
        model, policy = _model(self._single["Model"]), _policy(self._single["Policy"])
        match self._action:
            case "register":
                return Registration(registry, model, self._version(), self._manifest(), self._pointer(), policy)
            case "deregister":
                return Deregistration(registry, model, self._version(), self._version_tag(), policy)
            case "unassign":
                return Unassignment(registry, model, self._stage(), _number(name), self._previous(), policy)
            case "deprecate":
                return Deprecation(registry, model, policy)
            case _:
                return self._assignment(registry, model, policy, _number(name))

    def _assignment(self, registry: RegistryId, model: ModelName, policy: Oid, n: int) -> Assignment:
        return Assignment(
            Cause(self._action),
            registry,
            model,
            self._version(),
            self._version_tag(),
            self._stage(),
            n,
            self._manifest(),
            self._pointer(),
            self._previous(),
            policy,
            tuple(_gate(value) for key, value in self._evidence if key == "Gate"),
            tuple(_approval(value) for key, value in self._evidence if key == "Approval"),
        )

    def _version(self) -> Version:
        return Version.parse(self._single["Version"])

    def _version_tag(self) -> Oid:
        return Oid.parse(self._single["Version-Tag"])

    def _stage(self) -> StageName:
        return _stage(self._single["Stage"])

    def _manifest(self) -> Digest:
        return _digest(self._single["Manifest"])

    def _pointer(self) -> PointerAt:
        path, _, digest = self._single["Pointer"].rpartition(" ")
        return PointerAt(tree_path(path), _digest(digest))

    def _previous(self) -> Oid | None:
        value = self._single["Previous"]
        return None if value == "none" else Oid.parse(value)


@lru_cache(maxsize=256)
def tree_path(path: str) -> str:
    """Return the path if a pointer can be there.  Raises FormatError."""
    if len(path) > MAX_PATH_LENGTH or escape(path) != path or {"", ".", ".."} & set(path.split("/")):
        raise FormatError(f"not a pointer's path: '{escape(path[:80])}'")
    return path


def _number(name: TagName) -> int:
    if not isinstance(name, StageTag):
        raise FormatError(f"the tag is called {name}, which is not a stage event")
    return name.n


def _gate(value: str) -> GateRecord:
    match = _GATE.fullmatch(value)
    if match is None or not match[4].isprintable():
        raise FormatError(f"malformed gate trailer: '{escape(value[:80])}'")
    return GateRecord(match[1], match[2], match[4], Digest.parse(match[3]) if match[3] else None)


def _approval(value: str) -> ApprovalRecord:
    match = _APPROVAL.fullmatch(value)
    if match is None:
        raise FormatError(f"malformed approval trailer: '{escape(value[:80])}'")
    return ApprovalRecord(Principal.parse(match[1]), match[2], match[3])
