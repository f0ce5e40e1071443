"""What people have decided about a draft: the approvals that would count, and the rejections that stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from gitreg.core.decision import Rejection
from gitreg.core.decision_file import DecisionFile
from gitreg.core.event import ApprovalRecord
from gitreg.core.names import Principal
from gitreg.core.policy_rules import StageRule
from gitreg.errors import GitregError
from gitreg.gates.gate import GateResult
from gitreg.operations.context import Context, utc_now
from gitreg.operations.decisions.approvals import folder_of, read_refs
from gitreg.operations.decisions.files import read_files
from gitreg.operations.draft import AssignmentDraft
from gitreg.operations.results import Failure
from gitreg.trust.approval import Party, approval_rule, check_approval, check_counts
from gitreg.trust.distinct import most_distinct
from gitreg.trust.rejection import standing_rejections
from gitreg.trust.rules import TAG_NAMESPACE, waives_approvals
from gitreg.trust.signer import Signer


@dataclass(frozen=True, slots=True)
class ApprovalCount:
    """Who has approved validly so far, and how many it takes."""

    have: int
    need: int
    by: tuple[Principal, ...]


@dataclass(frozen=True, slots=True)
class RejectionNote:
    """Who said no to it, when, and why."""

    by: Principal
    at: str
    why: str


@dataclass(frozen=True, slots=True)
class Consent:
    """The approvals to embed, each person and each key once, and the rejections in the way."""

    approvals: tuple[ApprovalRecord, ...]
    rejections: tuple[Rejection, ...]
    need: int

    @property
    def count(self) -> ApprovalCount:
        return ApprovalCount(len(self.approvals), self.need, tuple(each.principal for each in self.approvals))

    @property
    def notes(self) -> tuple[RejectionNote, ...]:
        return tuple(RejectionNote(each.principal, each.made, each.why) for each in self.rejections)

    def after(self, rule: StageRule, gates: Iterable[GateResult]) -> Consent:
        """What is left to ask for once the gates of a promotion were run."""
        enough = len(self.approvals) >= self.need
        if enough or not waives_approvals(rule, ((each.name, each.verdict.value) for each in gates)):
            return self
        return replace(self, approvals=(), need=0)

    def failures(self, label: str) -> list[Failure]:
        """What stands in the way."""
        found = [Failure(label, "rejected", f"{each.principal}: {each.why}") for each in self.rejections]
        if len(self.approvals) < self.need:
            found.append(Failure(label, "approvals", f"{len(self.approvals)} of {self.need} approvals"))
        return found


def consent(context: Context, draft: AssignmentDraft, signer: Signer | None) -> Consent:
    """What is filed here about the draft; `signer` is whoever would sign it, None if nobody does yet."""
    files = decision_files(context, draft)
    need = approval_rule(draft.request, draft.policy).count
    return Consent(_approvals(context, draft, signer, files), standing(context, draft, files), need)


def decision_files(context: Context, draft: AssignmentDraft) -> tuple[DecisionFile, ...]:
    """Everything filed about the event, each once, wherever it was filed."""
    folder = folder_of(draft.event)
    filed = [*read_refs(context, folder), *read_files(context, folder)]
    return tuple(dict.fromkeys(each.file for each in filed))


def standing(context: Context, draft: AssignmentDraft, files: Iterable[DecisionFile]) -> tuple[Rejection, ...]:
    """The rejections that stand; those that only look as if are mentioned."""
    found = standing_rejections(files, draft.request, draft.policy, draft.facts.signers, utc_now())
    for doubt in found.doubts:
        context.settings.note(f"not counted: {doubt}")
    return found.standing


def _approvals(
    context: Context, draft: AssignmentDraft, signer: Signer | None, files: Iterable[DecisionFile]
) -> tuple[ApprovalRecord, ...]:
    """As many as count beside each other, whatever order they were filed in; the others are mentioned."""
    found = list(_candidates(context, draft, signer, files))
    claims = [(draft.policy.person_of(party.principal), party.key) for _, party in found]
    chosen = [found[place] for place in most_distinct(claims)]
    for record, party in found:
        if (record, party) not in chosen:
            context.settings.note(f"not counted: {party.principal} or their key counts already")
    return tuple(record for record, _ in chosen)


def _candidates(
    context: Context, draft: AssignmentDraft, signer: Signer | None, files: Iterable[DecisionFile]
) -> Iterator[tuple[ApprovalRecord, Party]]:
    """The approvals that would count if they were alone."""
    rule, interested = approval_rule(draft.request, draft.policy), _interested(draft, signer)
    for record in (file.decision for file in files if isinstance(file.decision, ApprovalRecord)):
        try:
            party = Party(record.principal, check_approval(record, draft.request, draft.facts.signers, utc_now()))
            check_counts(party, rule, draft.policy, interested, [])
        except GitregError as error:
            context.settings.note(f"not counted: {error.message}")
            continue
        yield record, party


def _interested(draft: AssignmentDraft, signer: Signer | None) -> list[Party]:
    parties = [Party(draft.found.registration.by, draft.found.registration.key)]
    if signer is not None:
        own = draft.facts.signers.principals_of(signer.public_key, TAG_NAMESPACE, utc_now())
        parties += [Party(principal, signer.public_key) for principal in own]
    return parties
