"""What a policy's tables say, as values: who may do what with a stage, how many must agree, which gates there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from gitreg.core.freeze import Freeze
from gitreg.core.names import StageName
from gitreg.core.retention import Retention


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """How many distinct people of which roles must sign."""

    count: int = 0
    from_roles: tuple[str, ...] = ()
    allow_self: bool = False


# One signature by somebody of no role: what nobody can bring, so that an absent rule is never a satisfied one.
NOBODY: Final = ApprovalRule(1)


class Decide(Enum):
    """Who decides about a promotion.  Hybrid asks people only if some gate passed by less than its margin."""

    AUTO = "auto"
    MANUAL = "manual"
    HYBRID = "hybrid"


class StageRule(NamedTuple):
    """What it takes to get a version into one stage, and out of it."""

    name: StageName
    promote: tuple[str, ...] = ()
    rollback: tuple[str, ...] = ()
    unassign: tuple[str, ...] = ()
    after: StageName | None = None
    gates: tuple[str, ...] = ()
    approvals: ApprovalRule = ApprovalRule()
    rollback_approvals: ApprovalRule = ApprovalRule()
    freeze: tuple[Freeze, ...] = ()  # times without promotions
    decide: Decide = Decide.MANUAL


class GateDefinition(NamedTuple):
    """A gate's kind and options, as the gates themselves will read them."""

    name: str
    kind: str
    options: Mapping[str, object]


class ReceiptRule(NamedTuple):
    """Whose receipts are believed, and whether an event counts without one."""

    from_roles: tuple[str, ...] = ()
    required: bool = False


class ModelRules(NamedTuple):
    """The rules of the models that a pattern names, with everything they inherit filled in."""

    rules: Mapping[str, tuple[str, ...]]
    stages: Mapping[StageName, StageRule]
    retention: Retention | None = None
