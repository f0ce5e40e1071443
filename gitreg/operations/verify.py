"""Verifying on request: every fact about a model, or about all of them, and with `data` every byte."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from gitreg.core.digest import Digest
from gitreg.core.event import Registration
from gitreg.core.names import ModelName
from gitreg.core.reference import AtStage, AtVersion, Latest, PointerPath, Reference
from gitreg.core.tag_name import AssignedTag, TagName, UnassignedTag, VersionTag
from gitreg.operations.context import Context
from gitreg.operations.each_model import ask_each
from gitreg.operations.facts import facts_on, model_facts
from gitreg.operations.ground import Ground
from gitreg.operations.marks import remember_read
from gitreg.operations.policy.pending import policy_failure, standing_refusal
from gitreg.operations.receipts.audit import lost_tags
from gitreg.operations.resolve import Draft, FoundVersion, find, unknown_model
from gitreg.operations.results import Failure
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
        with Ground(context) as ground:
            marks, listed = ground.survey()
            models = dict.fromkeys(marks.texts, 0) | listed.models()
            ask = partial(_checked_model, ground)
            for checked in ask_each(dict(sorted(models.items())), ask, context.settings.processes, ground.settle):
                tally.tags(checked, data=data)
            tally.receipts()
            tally.policy(ground)
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
            tally.tags(_checked(context, facts), data=data)
        case AtStage(_, stage):
            of_stage = _checked(
                context, facts, lambda t: isinstance(t, AssignedTag | UnassignedTag) and t.stage == stage
            )
            tally.tags(of_stage, data=False)
            if data and not tally.failures:
                tally.found(find(context, reference), data=True)
        case AtVersion(model, version) if VersionTag(model, version) in facts.tags:
            tally.tags(_checked(context, facts, lambda t: t == VersionTag(model, version)), data=data)
        case _:
            tally.found(find(context, reference), data=data)


class _Checked(NamedTuple):
    """Of some tags of a model: how many, those that failed, and the manifests that the others registered, by tag."""

    tags: int
    failures: tuple[Failure, ...]
    manifests: dict[str, Digest]


def _checked_model(ground: Ground, model: ModelName) -> _Checked:
    return _checked(ground.context, facts_on(ground, model))


def _checked(context: Context, facts: Facts, asked: Callable[[TagName], bool] = lambda _: True) -> _Checked:
    verdicts = Verifier(facts).verdicts(name for name in facts.tags if asked(name))
    verified = [verdict for verdict in verdicts if isinstance(verdict, Verified)]
    remember_read(context.repo, {verdict.name: verdict.oid for verdict in verified}, facts.seen)
    failed = [loss for loss in facts.losses if asked(loss.name)]
    number = len(failed) + len(verdicts)
    failed += [verdict for verdict in verdicts if isinstance(verdict, Failed)]
    registered = {str(each.name): each.event.manifest for each in verified if isinstance(each.event, Registration)}
    return _Checked(number, tuple(map(Failure.of, failed)), registered)


class _Tally:
    """Collects what was checked and what failed; an artifact that several versions share is read once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._checked = 0
        self._seen: set[Digest] = set()
        self.failures: list[Failure] = []

    def result(self) -> VerifyResult:
        return VerifyResult(not self.failures, self._checked, tuple(self.failures))

    def policy(self, ground: Ground) -> None:
        """A refused change at the protected branch's tip; what was in force before it still is."""
        if (refused := standing_refusal(ground)) is not None:
            self._checked += 1
            self.failures.append(policy_failure(refused))

    def tags(self, checked: _Checked, *, data: bool) -> None:
        self._checked += checked.tags
        self.failures += checked.failures
        for ref, manifest in checked.manifests.items() if data else ():
            self._artifact(ref, manifest)

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
            self._artifact(str(found.registration.name), found.manifest)

    def _artifact(self, ref: str, manifest: Digest) -> None:
        if manifest not in self._seen:
            self._seen.add(manifest)
            self._bytes(ref, manifest)

    def _bytes(self, ref: str, manifest: Digest) -> None:
        from gitreg.operations.verify_data import check_data  # noqa: PLC0415 - heavy, and needed for bytes alone

        read = check_data(self._context, ref, manifest)
        self._checked += read.objects
        self.failures += read.failures
