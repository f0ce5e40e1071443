"""The policy statement: the exact bytes that admins sign to change who may do what, so that they serve once.

gitreg-policy 1
registry 6c0e...          one line per fact, in this order
epoch 2
policy blake3:...         the new files' digests, `none` for one that is not there; then those they take the place of
...
"""

from __future__ import annotations

from typing import NamedTuple, Self

from gitreg.core.digest import Digest
from gitreg.core.registry_id import RegistryId

POLICY_NAMESPACE = "gitreg-policy"


class PolicyDigests(NamedTuple):
    """The files that together say who may do what; None for one that is absent."""

    policy: Digest | None = None
    signers: Digest | None = None
    revoked: Digest | None = None

    @classmethod
    def of(cls, policy: bytes | None, signers: bytes | None, revoked: bytes | None) -> Self:
        return cls(*(None if data is None else Digest.of(data) for data in (policy, signers, revoked)))


class PolicyStatement(NamedTuple):
    """One step from the files in force to those that are to come; the first step comes from nothing."""

    registry: RegistryId
    epoch: int
    files: PolicyDigests
    previous: PolicyDigests = PolicyDigests()

    def canonical(self) -> bytes:
        """The bytes to sign."""
        lines = [
            "gitreg-policy 1",
            f"registry {self.registry}",
            f"epoch {self.epoch}",
            *(f"{name} {digest or 'none'}" for name, digest in zip(_FILES, self.files, strict=True)),
            *(f"previous-{name} {digest or 'none'}" for name, digest in zip(_FILES, self.previous, strict=True)),
        ]
        return ("\n".join(lines) + "\n").encode()

    @property
    def fingerprint(self) -> Digest:
        """What two people compare to know that they mean the same files of the same registry."""
        return Digest.of(self.canonical())


_FILES = PolicyDigests._fields
