"""Checking a policy file before it is committed: does it parse, and what does it mean for whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gitreg.core.model_pattern import ModelPattern
from gitreg.core.names import Person, StageName
from gitreg.core.policy import Policy, parse_policy
from gitreg.core.policy_rules import ApprovalRule, StageRule
from gitreg.core.retention_sentences import retention_sentences
from gitreg.core.text import escape
from gitreg.core.toml import MAX_BYTES
from gitreg.errors import SourceError
from gitreg.operations.context import utc_now
from gitreg.operations.policy.powers import ALL_MODELS, PersonPowers, all_powers, people_in, scopes
from gitreg.operations.policy.warnings import PolicyWarning, policy_warnings
from gitreg.trust.allowed_signers import MAX_FILE, AllowedSigners
from gitreg.trust.revocation import Revocations


@dataclass(frozen=True, slots=True)
class Signatures:
    """How many of these people must sign."""

    count: int
    people: tuple[Person, ...]
    allow_self: bool


@dataclass(frozen=True, slots=True)
class StageTerms:
    """What it takes to get a model's version into a stage, in people instead of roles."""

    stage: StageName
    models: ModelPattern
    promote: tuple[Person, ...]
    after: StageName | None
    gates: tuple[str, ...]
    approvals: Signatures
    rollback: tuple[Person, ...]
    rollback_approvals: Signatures
    freeze: tuple[str, ...]
    decide: str


@dataclass(frozen=True, slots=True)
class PolicyCheck:
    """A policy that parses, explained.  `keys` tells whether an allowed_signers file was looked at.

    In `models` and wherever a pattern stands, `*` is every model that no other pattern names.
    """

    file: str
    epoch: int
    branch: str
    admins: Signatures
    models: tuple[ModelPattern, ...]
    people: tuple[PersonPowers, ...]
    stages: tuple[StageTerms, ...]
    retention: tuple[str, ...]
    warnings: tuple[PolicyWarning, ...]
    keys: bool


def check_policy(file: Path) -> PolicyCheck:
    """Explain a policy file, with the keys listed beside it.  Raises FormatError if it is none, SourceError."""
    policy = parse_policy(_read(file, MAX_BYTES))
    signers = _signers(file.parent)
    return PolicyCheck(
        file=str(file),
        epoch=policy.epoch,
        branch=policy.branch,
        admins=_signatures(policy, policy.admins),
        models=tuple(scopes(policy)),
        people=all_powers(policy),
        stages=tuple(_stages(policy)),
        retention=tuple(retention_sentences(policy)),
        warnings=policy_warnings(policy, signers, utc_now()),
        keys=signers is not None,
    )


def stage_terms(policy: Policy, models: ModelPattern, rule: StageRule) -> StageTerms:
    return StageTerms(
        stage=rule.name,
        models=models,
        promote=people_in(policy, rule.promote),
        after=rule.after,
        gates=rule.gates,
        approvals=_signatures(policy, rule.approvals),
        rollback=people_in(policy, rule.rollback),
        rollback_approvals=_signatures(policy, rule.rollback_approvals),
        freeze=tuple(f"{window}" + (f" ({window.reason})" if window.reason else "") for window in rule.freeze),
        decide=rule.decide.value,
    )


def _stages(policy: Policy) -> Iterator[StageTerms]:
    """The general terms, and those of a pattern that differ from them."""
    for pattern, rules in scopes(policy).items():
        for rule in rules.stages.values():
            if pattern == ALL_MODELS or rule != policy.stages[rule.name]:
                yield stage_terms(policy, pattern, rule)


def _signatures(policy: Policy, rule: ApprovalRule) -> Signatures:
    return Signatures(rule.count, people_in(policy, rule.from_roles), rule.allow_self)


def _signers(folder: Path) -> AllowedSigners | None:
    """The keys that count, without the revoked ones; None if the policy lies there without its keys."""
    listed, revoked = folder / "allowed_signers", folder / "revoked_keys"
    if not listed.is_file():
        return None
    signers = AllowedSigners.parse(_read(listed, MAX_FILE))
    return signers.without(Revocations.parse(_read(revoked, MAX_FILE))) if revoked.is_file() else signers


def _read(file: Path, limit: int) -> bytes:
    """At most one byte more than is allowed, so that no device or endless file is read to its end."""
    try:
        with file.open("rb") as stream:
            return stream.read(limit + 1)
    except OSError as error:
        raise SourceError(
            f"cannot read {escape(str(file))}: {error.strerror}", hint="name a policy file: gitreg policy check FILE"
        ) from None
