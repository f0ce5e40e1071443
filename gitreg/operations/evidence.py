"""What gates saw, as objects beside the artifacts: stored before the tag that names them, and found again by it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from gitreg.core.digest import Digest
from gitreg.core.event import Assignment, GateRecord
from gitreg.core.names import StageName
from gitreg.core.reference import PointerPath, Reference
from gitreg.core.tag_name import AssignedTag, parse_tag_name
from gitreg.core.text import escape
from gitreg.errors import NotFoundError, UsageError, VerificationError
from gitreg.gates.gate import LARGEST_EVIDENCE, GateResult
from gitreg.git.objects import GitObject, ObjectReader
from gitreg.git.refs import list_tags
from gitreg.operations.context import Context
from gitreg.operations.facts import model_facts
from gitreg.operations.resolve import find_version
from gitreg.operations.stores import local_store, reading_store
from gitreg.storage.store import ObjectStore
from gitreg.trust.facts import Verified
from gitreg.trust.verify import Verifier

NO_FIGURE = "-"
_NAMED = re.compile(rb"\nGitreg-Gate: \S+ \S+ blake3:([0-9a-f]{64}) \S")


def gate_records(context: Context, results: Iterable[GateResult]) -> tuple[GateRecord, ...]:
    """The form in which results are signed; their evidence is durable here from now on."""
    store = local_store(context)
    records = tuple(_record(store, result) for result in results)
    store.flush()
    return records


def _record(store: ObjectStore, result: GateResult) -> GateRecord:
    evidence = None
    if result.evidence:
        data = result.evidence.encode("utf-8", "replace")
        evidence = Digest.of(data)
        store.write(evidence, data)
    return GateRecord(result.name, result.verdict.value, result.figure or NO_FIGURE, evidence)


def send_evidence(context: Context, evidence: Collection[Digest], target: ObjectStore) -> None:
    """Give the shared store what it lacks of the evidence that is here."""
    here = local_store(context)
    for digest in sorted(set(evidence) - target.present(evidence)):
        target.write(digest, here.read(digest))
    target.flush()


def evidence_here(context: Context) -> set[Digest]:
    """The evidence that stage tags name, as far as it is here."""
    named = _named(context)
    return local_store(context).present(named) if named else named


def _named(context: Context) -> set[Digest]:
    """By all stage tags."""
    tags = [ref.oid for ref in list_tags(context.repo) if isinstance(parse_tag_name(ref.name), AssignedTag)]
    with ObjectReader(context.repo) as reader:
        raw = [answer.data for answer in reader.read_many(tags) if isinstance(answer, GitObject)]
    return {Digest.from_hex(found.decode()) for data in raw for found in _NAMED.findall(data)}


def gate_evidence(context: Context, reference: Reference, stage: StageName, gate: str) -> str:
    """What a gate saw when the version last entered the stage.  Raises NotFoundError, VerificationError."""
    if isinstance(reference, PointerPath):
        raise UsageError("only registered versions have stages", hint="name a version: NAME@VERSION")
    found = find_version(context, reference)
    event = _last_entry(context, found.registration, stage)
    record = next((each for each in event.gates if each.name == gate), None)
    if record is None:
        known = ", ".join(each.name for each in event.gates) or "none"
        raise NotFoundError(f"no gate {escape(gate)} is recorded in {event.tag_name}", hint=f"its gates: {known}")
    if record.evidence is None:
        raise NotFoundError(f"the gate {gate} kept no evidence", hint=f"its figure: {record.figure}")
    data = reading_store(context).read(record.evidence)
    if len(data) > LARGEST_EVIDENCE or Digest.of(data) != record.evidence:
        raise VerificationError(f"the evidence {record.evidence} is not what was signed", hint="gitreg fsck")
    return data.decode("utf-8", "replace")


def _last_entry(context: Context, registration: Verified, stage: StageName) -> Assignment:
    model = registration.event.model
    facts = model_facts(context, model)
    verifier = Verifier(facts)
    for name in reversed(facts.stage_tags(model, stage)):
        # a cheap look at what the tag says of itself, before the expensive one
        if f"\nGitreg-Version-Tag: {registration.oid}\n".encode() in (facts.tags[name].raw or b""):
            verdict = verifier.verdict(name)
            if isinstance(verdict, Verified) and isinstance(verdict.event, Assignment) and verdict.event.gates:
                return verdict.event
    raise NotFoundError(f"{registration.name} never entered {stage} through gates", hint=f"gitreg history {model}")
