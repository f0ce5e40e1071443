"""The policy in force: what the protected branch holds, not the working tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gitreg.core.oid import Oid
from gitreg.core.policy import POLICY_PATH
from gitreg.core.toml import load_toml
from gitreg.git.objects import ObjectReader
from gitreg.operations.branch import protected_branch, read_policy
from gitreg.operations.context import Context


@dataclass(frozen=True, slots=True)
class PolicyView:
    """The policy's own tables, and where they come from; `text` is the file as it was written."""

    epoch: int
    branch: str
    commit: Oid
    blob: Oid
    policy: Mapping[str, object]
    text: str = field(repr=False)


def show_policy(context: Context) -> PolicyView:
    """Read it.  Raises NotFoundError, FormatError."""
    branch = protected_branch(context.repo)
    with ObjectReader(context.repo) as reader:
        blob, policy = read_policy(reader, branch.tip)
        found = reader.read(blob)
    data = found.data if found is not None else b""
    return PolicyView(policy.epoch, branch.name, branch.tip, blob, load_toml(data, POLICY_PATH).values(), data.decode())
