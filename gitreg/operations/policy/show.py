"""The policy in force: what the protected branch holds and its admins signed, not the working tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gitreg.core.digest import Digest
from gitreg.core.oid import Oid
from gitreg.core.policy import POLICY_PATH
from gitreg.core.toml import load_toml
from gitreg.operations.context import Context
from gitreg.operations.policy.line import present_policy


@dataclass(frozen=True, slots=True)
class PolicyView:
    """The policy's own tables, and where they come from; `text` is the file as it was written.

    `root` is the fingerprint of the registry's first policy, `state` that of this one, from which a shallow clone may
    be told to start.  `is_at_tip` is false if the branch's tip holds a change that does not count.
    """

    epoch: int
    branch: str
    root: Digest
    state: Digest
    commit: Oid
    blob: Oid
    is_at_tip: bool
    policy: Mapping[str, object]
    text: str = field(repr=False)


def show_policy(context: Context) -> PolicyView:
    """Read it.  Raises NotFoundError, FormatError, VerificationError."""
    line = present_policy(context)
    data, entry = line.in_force.policy or b"", line.last
    return PolicyView(
        epoch=entry.epoch,
        branch=line.ledger.branch,
        root=line.ledger.root,
        state=line.in_force.step_from(None, context.config.id).fingerprint,
        commit=entry.commit,
        blob=entry.policy,
        is_at_tip=line.is_at_tip,
        policy=load_toml(data, POLICY_PATH).values(),
        text=data.decode(),
    )
