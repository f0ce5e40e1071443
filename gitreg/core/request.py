"""The promotion request: exactly what a promotion would sign, so that a decision about it serves once and for nothing
else.  A rollback that needs approvals has one too; its `action` differs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from gitreg.core.digest import Digest
from gitreg.core.event import Assignment, Cause
from gitreg.core.names import ModelName, StageName
from gitreg.core.oid import Oid
from gitreg.core.registry_id import RegistryId
from gitreg.core.version import Version
from gitreg.errors import FormatError, GitregError

APPROVAL_NAMESPACE = "gitreg-approval"
FACTS = (
    "registry",
    "action",
    "model",
    "version",
    "version-tag",
    "stage",
    "n",
    "target",
    "manifest",
    "previous",
    "policy",
)
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


class PromotionRequest(NamedTuple):
    """Everything that a promotion or a rollback would sign, before anybody's word for it."""

    registry: RegistryId
    action: Cause
    model: ModelName
    version: Version
    version_tag: Oid
    stage: StageName
    n: int
    target: Oid
    manifest: Digest
    previous: Oid | None
    policy: Oid

    @property
    def lines(self) -> tuple[str, ...]:
        """One line per fact, in the order of FACTS; `parse_request` is the inverse."""
        values = (
            self.registry,
            self.action.value,
            self.model,
            self.version,
            self.version_tag,
            self.stage,
            self.n,
            self.target,
            self.manifest,
            self.previous or "none",
            self.policy,
        )
        return tuple(f"{fact} {value}" for fact, value in zip(FACTS, values, strict=True))


def parse_request(lines: Sequence[str]) -> PromotionRequest:
    """Parse a request's lines.  Raises FormatError; other spellings of the same facts are for the caller to refuse."""
    pairs = [line.partition(" ") for line in lines]
    if tuple(fact for fact, _, _ in pairs) != FACTS:
        raise FormatError("not the lines of a promotion request")
    values = {fact: value for fact, _, value in pairs}
    try:
        return PromotionRequest(
            registry=RegistryId.parse(values["registry"]),
            action=Cause(values["action"]),
            model=ModelName.parse(values["model"]),
            version=Version.parse(values["version"]),
            version_tag=Oid.parse(values["version-tag"]),
            stage=StageName.parse(values["stage"]),
            n=_number(values["n"]),
            target=Oid.parse(values["target"]),
            manifest=Digest.parse(values["manifest"]),
            previous=None if values["previous"] == "none" else Oid.parse(values["previous"]),
            policy=Oid.parse(values["policy"]),
        )
    except (GitregError, ValueError):
        raise FormatError("the lines of a promotion request say something impossible") from None


def _number(text: str) -> int:
    if _NUMBER.fullmatch(text) is None:
        raise FormatError(f"not an event's number: {text[:20]!a}")
    return int(text)


def request_of(event: Assignment, target: Oid) -> PromotionRequest:
    """The request that a stage tag answers."""
    return PromotionRequest(
        event.registry,
        event.cause,
        event.model,
        event.version,
        event.version_tag,
        event.stage,
        event.n,
        target,
        event.manifest,
        event.previous,
        event.policy,
    )
