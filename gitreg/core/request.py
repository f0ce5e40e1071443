"""The promotion request: the exact bytes that an approval signs, so that it serves once and for nothing else.

gitreg-approval 1
registry 6c0e...          one line per fact, in this order
...
expires 2026-12-01T00:00:00Z
"""

from __future__ import annotations

from dataclasses import dataclass

from gitreg.core.digest import Digest
from gitreg.core.event import Assignment
from gitreg.core.names import ModelName, StageName
from gitreg.core.oid import Oid
from gitreg.core.registry_id import RegistryId
from gitreg.core.version import Version

APPROVAL_NAMESPACE = "gitreg-approval"


@dataclass(frozen=True, slots=True)
class PromotionRequest:
    """Everything that a promotion would sign, before anybody's word for it."""

    registry: RegistryId
    model: ModelName
    version: Version
    version_tag: Oid
    stage: StageName
    n: int
    target: Oid
    manifest: Digest
    previous: Oid | None
    policy: Oid

    def canonical(self, expires: str) -> bytes:
        """The bytes to sign; `expires` is UTC (YYYY-MM-DDTHH:MM:SSZ) or `never`."""
        lines = [
            "gitreg-approval 1",
            f"registry {self.registry}",
            f"model {self.model}",
            f"version {self.version}",
            f"version-tag {self.version_tag}",
            f"stage {self.stage}",
            f"n {self.n}",
            f"target {self.target}",
            f"manifest {self.manifest}",
            f"previous {self.previous or 'none'}",
            f"policy {self.policy}",
            f"expires {expires}",
        ]
        return ("\n".join(lines) + "\n").encode()


def request_of(event: Assignment, target: Oid) -> PromotionRequest:
    """The request that a stage tag answers."""
    return PromotionRequest(
        event.registry,
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
