"""What a registry tag says happened.  One frozen type per action; the signature around it is somebody else's matter."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from gitreg.core.digest import Digest
from gitreg.core.names import ModelName, Principal, StageName
from gitreg.core.oid import Oid
from gitreg.core.registry_id import RegistryId
from gitreg.core.tag_name import AssignedTag, DeprecatedTag, DeregisteredTag, TagName, UnassignedTag, VersionTag
from gitreg.core.version import Version


class PointerAt(NamedTuple):
    """Where the pointer lies in the tagged commit, and the BLAKE3 of its bytes there."""

    path: str
    digest: Digest


class GateRecord(NamedTuple):
    """A gate's verdict as it was signed: `pass`, `pass+margin`, `fail` or `error`, and its figure (`-` for none).

    `evidence` names the object that holds what the gate saw, if it kept that.
    """

    name: str
    verdict: str
    figure: str
    evidence: Digest | None = None


class ApprovalRecord(NamedTuple):
    """One person's approval: the signature (armour removed, base64) covers the promotion request and `expires`."""

    principal: Principal
    expires: str  # UTC, YYYY-MM-DDTHH:MM:SSZ, or "never"
    signature: str


class Cause(Enum):
    """Why a stage got a version: a promotion runs gates, a rollback returns to what the stage held before."""

    PROMOTE = "promote"
    ROLLBACK = "rollback"


class Registration(NamedTuple):
    """A version came to be."""

    registry: RegistryId
    model: ModelName
    version: Version
    manifest: Digest
    pointer: PointerAt
    policy: Oid

    @property
    def tag_name(self) -> TagName:
        return VersionTag(self.model, self.version)


class Deregistration(NamedTuple):
    """A version was withdrawn."""

    registry: RegistryId
    model: ModelName
    version: Version
    version_tag: Oid
    policy: Oid

    @property
    def tag_name(self) -> TagName:
        return DeregisteredTag(self.model, self.version)


class Assignment(NamedTuple):
    """A stage got a version."""

    cause: Cause
    registry: RegistryId
    model: ModelName
    version: Version
    version_tag: Oid
    stage: StageName
    n: int
    manifest: Digest
    pointer: PointerAt
    previous: Oid | None
    policy: Oid
    gates: tuple[GateRecord, ...] = ()
    approvals: tuple[ApprovalRecord, ...] = ()

    @property
    def tag_name(self) -> TagName:
        return AssignedTag(self.model, self.stage, self.n)


class Unassignment(NamedTuple):
    """A stage was emptied."""

    registry: RegistryId
    model: ModelName
    stage: StageName
    n: int
    previous: Oid | None
    policy: Oid

    @property
    def tag_name(self) -> TagName:
        return UnassignedTag(self.model, self.stage, self.n)


class Deprecation(NamedTuple):
    """Nobody should start using the model."""

    registry: RegistryId
    model: ModelName
    policy: Oid

    @property
    def tag_name(self) -> TagName:
        return DeprecatedTag(self.model)


StageEvent = Assignment | Unassignment
Event = Registration | Deregistration | Assignment | Unassignment | Deprecation
