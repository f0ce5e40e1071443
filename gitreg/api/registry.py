"""One opened registry: the same operations as the command line; strings are parsed here, values come back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING

from gitreg.api.words import cause_of, one_of, way_of
from gitreg.core.names import ModelName, StageName
from gitreg.core.policy import POLICY_PATH
from gitreg.core.policy_templates import Template
from gitreg.core.reference import parse_reference
from gitreg.core.version import Bump, Version
from gitreg.gates.gate import GateResult
from gitreg.operations import open_file as opening
from gitreg.operations import which as asking
from gitreg.operations.add import AddRequest, AddResult
from gitreg.operations.add import add as add_artifact
from gitreg.operations.context import Context, Settings
from gitreg.operations.decisions.approve import DEFAULT_AGE, ApproveResult
from gitreg.operations.decisions.approve import approve as approve_promotion
from gitreg.operations.decisions.reject import RejectResult
from gitreg.operations.decisions.reject import reject as reject_promotion
from gitreg.operations.decisions.reject import withdraw as withdraw_rejection
from gitreg.operations.decisions.waiting import WaitingRequest
from gitreg.operations.decisions.waiting import waiting as list_waiting
from gitreg.operations.evidence import gate_evidence
from gitreg.operations.fetch import FetchResult
from gitreg.operations.fetch import fetch as fetch_refs
from gitreg.operations.fsck import FsckRequest, FsckResult
from gitreg.operations.fsck import fsck as check_store
from gitreg.operations.garbage.gc import GcRequest, GcResult
from gitreg.operations.garbage.gc import gc as collect_garbage
from gitreg.operations.garbage.shared import SharedGcRequest, SharedGcResult
from gitreg.operations.garbage.shared import gc_shared as collect_shared_garbage
from gitreg.operations.gate_run import gate_run
from gitreg.operations.history import HistoryEntry, HistoryFilter
from gitreg.operations.history import history as list_history
from gitreg.operations.lineage import Lineage
from gitreg.operations.lineage import lineage as trace_lineage
from gitreg.operations.links import LinkResult
from gitreg.operations.links import links as make_links
from gitreg.operations.path import path as checkout
from gitreg.operations.policy.check import PolicyCheck, check_policy
from gitreg.operations.policy.init import PolicyInitResult, init_policy
from gitreg.operations.policy.needs import PromotionNeeds, promotion_needs
from gitreg.operations.policy.show import PolicyView, show_policy
from gitreg.operations.promote import Readiness
from gitreg.operations.promote import dry_run as assess_promotion
from gitreg.operations.promote import promote as sign_promotion
from gitreg.operations.pull import PullRequest, PullResult
from gitreg.operations.pull import pull as pull_version
from gitreg.operations.push import PushResult
from gitreg.operations.push import push as push_all
from gitreg.operations.register import RegisterRequest
from gitreg.operations.register import register as sign_version
from gitreg.operations.results import EventResult
from gitreg.operations.retention import RetentionPlan, plan_retention
from gitreg.operations.retire import deprecate, deregister, unassign
from gitreg.operations.rollback import rollback as sign_rollback
from gitreg.operations.show_models import ModelSummary, show_model, show_registry
from gitreg.operations.show_version import VersionDetails, show_version
from gitreg.operations.status import StatusResult
from gitreg.operations.status import status as compare
from gitreg.operations.verify import VerifyResult
from gitreg.operations.verify import verify as verify_facts

if TYPE_CHECKING:
    from gitreg.serializers.tensor_file import Tensor


def open(path: str | Path = ".", settings: Settings | None = None) -> Registry:  # noqa: A001 - the verb people expect
    """Open the registry that `path` lies in.  Raises NotARegistryError."""
    return Registry(Context.open(Path(path), settings or Settings()))


class Registry:
    """One opened registry.  REFs are strings as on the command line; every error is a GitregError."""

    def __init__(self, context: Context) -> None:
        self.context = context

    @property
    def root(self) -> Path:
        return self.context.repo.work_tree

    def with_key(self, key: str) -> Registry:
        """The same registry, signing with another key (a path, or a public key that ssh-agent holds)."""
        return Registry(replace(self.context, settings=replace(self.context.settings, key=key)))

    def add(self, request: AddRequest) -> AddResult:
        return add_artifact(self.context, request)

    def status(self) -> StatusResult:
        return compare(self.context)

    def push(self, remote: str | None = None, *, objects_only: bool = False) -> PushResult:
        return push_all(self.context, remote, objects_only=objects_only)

    def fetch(self, *, objects: bool = False) -> FetchResult:
        return fetch_refs(self.context, objects=objects)

    def gc(self, request: GcRequest | None = None) -> GcResult:
        """What nothing in this clone needs any more; removed only if the request says so."""
        return collect_garbage(self.context, request or GcRequest())

    def gc_shared(self, request: SharedGcRequest | None = None) -> SharedGcResult:
        """The same of a shared store, where the refs of the Git remote count too."""
        return collect_shared_garbage(self.context, request or SharedGcRequest())

    def retention(self) -> RetentionPlan:
        """What the policy's retention decides about every version's bytes, as of now."""
        return plan_retention(self.context)

    def register(
        self, name: str, *, version: str | None = None, bump: str | None = None, message: str = "", push: bool = False
    ) -> EventResult:
        parsed = Version.parse(version) if version is not None else None
        request = RegisterRequest(
            parsed, one_of(Bump, bump, "a part of a version") if bump is not None else None, message, push
        )
        return sign_version(self.context, ModelName.parse(name), request)

    def deregister(self, name: str, version: str, *, message: str = "", push: bool = False) -> EventResult:
        return deregister(self.context, ModelName.parse(name), Version.parse(version), message, push=push)

    def deprecate(self, name: str, *, message: str = "", push: bool = False) -> EventResult:
        return deprecate(self.context, ModelName.parse(name), message, push=push)

    def unassign(self, name: str, stage: str, *, message: str = "", push: bool = False) -> EventResult:
        return unassign(self.context, ModelName.parse(name), StageName.parse(stage), message, push=push)

    def approve(
        self,
        ref: str,
        stage: str,
        *,
        rollback: bool = False,
        expires: timedelta | None = DEFAULT_AGE,
        push: bool = False,
        file: bool = False,
    ) -> ApproveResult:
        """`file` writes it into the working tree, to be committed, where the host takes no refs of gitreg's."""
        cause, way = cause_of(rollback=rollback), way_of(push=push, file=file)
        reference = parse_reference(ref)
        return approve_promotion(self.context, reference, StageName.parse(stage), cause, expires=expires, way=way)

    def reject(
        self, ref: str, stage: str, why: str, *, rollback: bool = False, push: bool = False, file: bool = False
    ) -> RejectResult:
        cause, way = cause_of(rollback=rollback), way_of(push=push, file=file)
        return reject_promotion(self.context, parse_reference(ref), StageName.parse(stage), cause, why=why, way=way)

    def withdraw_rejection(
        self, ref: str, stage: str, *, rollback: bool = False, push: bool = False, file: bool = False
    ) -> RejectResult:
        cause, way = cause_of(rollback=rollback), way_of(push=push, file=file)
        return withdraw_rejection(self.context, parse_reference(ref), StageName.parse(stage), cause, way=way)

    def approvals(self, name: str | None = None) -> tuple[WaitingRequest, ...]:
        """What waits for approvals, and for whose."""
        return list_waiting(self.context, ModelName.parse(name) if name is not None else None)

    def promote(self, ref: str, stage: str, *, message: str = "", push: bool = False) -> EventResult:
        return sign_promotion(self.context, parse_reference(ref), StageName.parse(stage), message, push=push)

    def readiness(self, ref: str, stage: str) -> Readiness:
        """What `promote` would meet, without signing."""
        return assess_promotion(self.context, parse_reference(ref), StageName.parse(stage))

    def rollback(
        self, name: str, stage: str, *, to: str | None = None, message: str = "", push: bool = False
    ) -> EventResult:
        target = Version.parse(to) if to is not None else None
        model, parsed = ModelName.parse(name), StageName.parse(stage)
        return sign_rollback(self.context, model, parsed, to=target, message=message, push=push)

    def run_gates(self, ref: str, stage: str) -> tuple[GateResult, ...]:
        return gate_run(self.context, parse_reference(ref), StageName.parse(stage))

    def gate_evidence(self, ref: str, stage: str, gate: str) -> str:
        """What a gate kept when the version last entered the stage."""
        return gate_evidence(self.context, parse_reference(ref), StageName.parse(stage), gate)

    def pull(self, ref: str, request: PullRequest | None = None) -> PullResult:
        return pull_version(self.context, parse_reference(ref), request or PullRequest())

    def path(self, ref: str, *, paranoid: bool = False) -> Path:
        """A verified, read-only checkout; `paranoid` hashes it even if its files look unchanged."""
        return checkout(self.context, parse_reference(ref), paranoid=paranoid).path

    def open_file(self, ref: str, path: str) -> BufferedReader:
        """One file as a seekable stream: verified, and only what is read is fetched."""
        return opening.open_file(self.context, parse_reference(ref), path)

    def links(self, ref: str, path: str, expires: timedelta = timedelta(hours=1)) -> LinkResult:
        """Links to one file in the shared store, for who has neither gitreg nor credentials."""
        return make_links(self.context, parse_reference(ref), path, expires)

    def load_tensors(self, ref: str, names: Iterable[str]) -> dict[str, Tensor]:
        """Tensors by name from the version's safetensors files, without the rest of them.  Needs NumPy."""
        return opening.load_tensors(self.context, parse_reference(ref), names)

    def which(self, name: str, stage: str, *, at: datetime | None = None) -> asking.WhichResult:
        return asking.which(self.context, ModelName.parse(name), StageName.parse(stage), at)

    def models(self) -> tuple[ModelSummary, ...]:
        return show_registry(self.context)

    def model(self, name: str) -> ModelSummary:
        return show_model(self.context, ModelName.parse(name))

    def version(self, ref: str) -> VersionDetails:
        return show_version(self.context, parse_reference(ref))

    def history(self, wanted: HistoryFilter | None = None) -> tuple[HistoryEntry, ...]:
        return list_history(self.context, wanted or HistoryFilter())

    def lineage(self, ref: str) -> Lineage:
        return trace_lineage(self.context, parse_reference(ref))

    def policy(self) -> PolicyView:
        """The policy in force."""
        return show_policy(self.context)

    def check_policy(self, file: Path | None = None) -> PolicyCheck:
        """Explain a policy file: the working tree's, unless another one is named."""
        return check_policy(file or self.root / POLICY_PATH)

    def promotion_needs(self, ref: str, stage: str) -> PromotionNeeds:
        """What a promotion still needs, whoever will sign it."""
        return promotion_needs(self.context, parse_reference(ref), StageName.parse(stage))

    def init_policy(self, template: str, *, force: bool = False) -> PolicyInitResult:
        """Write a policy to start from into the working tree: one-person, team or regulated."""
        return init_policy(self.context, one_of(Template, template, "a template"), force=force)

    def verify(self, ref: str | None = None, *, data: bool = False) -> VerifyResult:
        return verify_facts(self.context, parse_reference(ref) if ref is not None else None, data=data)

    def fsck(self, request: FsckRequest | None = None) -> FsckResult:
        """Check every object of a store: the clone's own, unless the request names another."""
        return check_store(self.context, request or FsckRequest())
