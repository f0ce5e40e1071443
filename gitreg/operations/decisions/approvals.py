"""Decisions that wait for their promotion, as refs: blobs below `refs/gitreg/approvals/MODEL/STAGE/N/`.

A ref is named by what it holds, so that it is never overwritten and nobody can put another text under its name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gitreg.core.decision_file import MAX_BYTES, DecisionFile, format_decision, parse_decision
from gitreg.core.digest import Digest
from gitreg.core.event import Assignment
from gitreg.core.request import PromotionRequest
from gitreg.core.text import escape
from gitreg.errors import FormatError
from gitreg.git.objects import Answer, GitObject, ObjectReader, write_object
from gitreg.git.refs import Ref, create_ref, list_refs, resolve
from gitreg.operations.context import Context

APPROVALS = "refs/gitreg/approvals/"


class FiledDecision(NamedTuple):
    """A well-formed decision and where it was found; nothing in it is verified yet."""

    place: str
    file: DecisionFile


def folder_of(about: Assignment | PromotionRequest) -> str:
    """Where the decisions about one event lie, below whatever they are kept in."""
    return f"{about.model}/{about.stage}/{about.n}/"


def name_of(file: DecisionFile) -> str:
    """The name of a decision inside its folder; who decided comes first, so that lists are grouped by people."""
    who = Digest.of(file.decision.principal.encode())
    return f"{who.hex[:16]}-{Digest.of(format_decision(file)).hex[:16]}"


def ref_of(file: DecisionFile) -> str:
    return f"{APPROVALS}{folder_of(file.request)}{name_of(file)}"


def file_as_ref(context: Context, file: DecisionFile) -> str:
    """Put a decision where promoters look.  Returns the ref."""
    ref = ref_of(file)
    if resolve(context.repo, ref) is None:  # who approves twice within a second makes the very same approval
        create_ref(context.repo, ref, write_object(context.repo, "blob", format_decision(file)))
    return ref


def read_refs(context: Context, folder: str = "") -> list[FiledDecision]:
    """The decisions filed as refs, about one event or about all; what is none is mentioned."""
    return read_decisions(context, list_refs(context.repo, APPROVALS + folder))


def read_decisions(context: Context, refs: Iterable[Ref]) -> list[FiledDecision]:
    """The decisions that the refs point at; what is none is mentioned."""
    listed = list(refs)
    with ObjectReader(context.repo, limit=MAX_BYTES) as reader:
        answers = list(reader.read_many(ref.oid for ref in listed))
    return parse_answers(context, [ref.name for ref in listed], answers)


def parse_answers(context: Context, places: Iterable[str], answers: Iterable[Answer]) -> list[FiledDecision]:
    """The well-formed ones among what was read."""
    found = []
    for place, answer in zip(places, answers, strict=True):
        data = answer.data if isinstance(answer, GitObject) and answer.type == "blob" else b""
        filed = parse_filed(context, place, data)
        if filed is not None:
            found.append(filed)
    return found


def parse_filed(context: Context, place: str, data: bytes) -> FiledDecision | None:
    """One decision, or None and a note if it is malformed."""
    try:
        return FiledDecision(place, parse_decision(data))
    except FormatError as error:
        context.settings.note(f"passed over: {escape(place)}: {error.message}")
        return None
