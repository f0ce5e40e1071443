"""Verifying on request: every fact about a model, or about all of them, and with `data` every byte."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gitreg.core.digest import Digest
from gitreg.core.event import Registration
from gitreg.core.reference import AtStage, AtVersion, Latest, PointerPath, Reference
from gitreg.core.tag_name import AssignedTag, TagName, UnassignedTag, VersionTag
from gitreg.errors import GitregError
from gitreg.operations.context import Context
from gitreg.operations.facts import model_facts, registry_models
from gitreg.operations.marks import remember_read, seen_models
from gitreg.operations.policy.pending import policy_failure, standing_refusal
from gitreg.operations.receipts.audit import lost_tags
from gitreg.operations.resolve import Draft, FoundVersion, find, unknown_model
from gitreg.operations.results import Failure
from gitreg.operations.stores import reading_store
from gitreg.storage.full_check import faults
from gitreg.storage.verified import read_manifest
from gitreg.trust.facts import Facts, Failed, Verified
from gitreg.trust.verify import Verifier


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """`checked` counts tags, and objects if their bytes were read; `failures` names the step that each one failed."""

    ok: bool
    checked: int
    failures: tuple[Failure, ...]


def verify(context: Context, reference: Reference | None = None, *, data: bool = False) -> VerifyResult:
    """Verify everything, one model (`Latest`), one version or one stage.  Failures are results, not errors."""
    tally = _Tally(context)
    if reference is None:
        for model in sorted({*registry_models(context), *seen_models(context.repo)}):
            tally.tags(model_facts(context, model), data=data)
        tally.receipts()
        tally.policy()
    elif isinstance(reference, PointerPath):
        tally.found(find(context, reference), data=True)
    else:
        facts = model_facts(context, reference.model)
        if not facts.tags and not facts.losses:
            raise unknown_model(context, reference.model)
        _verify_part(context, tally, reference, facts, data=data)
    return tally.result()


def _verify_part(context: Context, tally: _Tally, reference: Reference, facts: Facts, *, data: bool) -> None:
    match reference:
        case Latest():
            tally.tags(facts, data=data)
        case AtStage(_, stage):
            tally.tags(facts, lambda t: isinstance(t, AssignedTag | UnassignedTag) and t.stage == stage, data=False)
            if data and not tally.failures:
                tally.found(find(context, reference), data=True)
        case AtVersion(model, version) if VersionTag(model, version) in facts.tags:
            tally.tags(facts, lambda t: t == VersionTag(model, version), data=data)
        case _:
            tally.found(find(context, reference), data=data)


class _Tally:
    """Collects what was checked and what failed; an artifact that several versions share is read once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._checked = 0
        self._seen: set[Digest] = set()
        self.failures: list[Failure] = []

    def result(self) -> VerifyResult:
        return VerifyResult(not self.failures, self._checked, tuple(self.failures))

    def policy(self) -> None:
        """A refused change at the protected branch's tip; what was in force before it still is."""
        if (refused := standing_refusal(self._context)) is not None:
            self._checked += 1
            self.failures.append(policy_failure(refused))

    def tags(self, facts: Facts, asked: Callable[[TagName], bool] = lambda _: True, *, data: bool) -> None:
        verdicts = Verifier(facts).verdicts(name for name in facts.tags if asked(name))
        remember_read(self._context.repo, {v.name: v.oid for v in verdicts if isinstance(v, Verified)}, facts.seen)
        for verdict in (*(loss for loss in facts.losses if asked(loss.name)), *verdicts):
            self._checked += 1
            if isinstance(verdict, Failed):
                self.failures.append(Failure.of(verdict))
            elif data:
                self._artifact(verdict)

    def receipts(self) -> None:
        """What a trusted writer saw must be here; where there is none, a date is what its signer says."""
        lost = lost_tags(self._context)
        if lost is None:
            self._context.settings.note("no receipts: times are the signers' own")
        self.failures += lost or ()

    def found(self, found: FoundVersion | Draft, *, data: bool) -> None:
        """`find` verified the tag already, or raised."""
        if isinstance(found, Draft):
            self._bytes(found.pointer_path, found.pointer.manifest)
            return
        self._checked += 1
        if data:
            self._artifact(found.registration)

    def _artifact(self, verified: Verified) -> None:
        event = verified.event
        if isinstance(event, Registration) and event.manifest not in self._seen:
            self._seen.add(event.manifest)
            self._bytes(str(verified.name), event.manifest)

    def _bytes(self, ref: str, manifest: Digest) -> None:
        store = reading_store(self._context)
        try:
            contents = read_manifest(store, manifest)
        except GitregError as error:
            self.failures.append(Failure(ref, "data", error.message))
            return
        self._checked += 1 + len(set(contents.chunks))
        self.failures += [Failure(ref, "data", fault.message) for fault in faults(contents, store)]
