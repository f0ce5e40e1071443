"""The policy that a registry starts with: one admin who may do everything, and comments that show what comes next."""

from __future__ import annotations

from collections.abc import Sequence

from gitreg.core.names import Principal, StageName

_HEAD = """\
# Who may do what in this registry.  What no rule allows is refused.  Raise `epoch` with every change.
format = 1
epoch = 1
branch = "{branch}"  # commits, keys and this policy count once they are on this branch

[roles]
maintainer = ["{admin}"]
# reviewer = ["someone@example.com"]

[rules]
register = ["maintainer"]
deregister = ["maintainer"]
deprecate = ["maintainer"]
archive = ["maintainer"]

[admins]
from = ["maintainer"]  # roles that may change this policy and the keys
count = 1  # how many of them must sign a change
"""

_STAGE = """
[stages.{stage}]
promote = ["maintainer"]
rollback = ["maintainer"]
unassign = ["maintainer"]
"""

_LAST = """\
# after = "staging"             # a version must have been there first
# gates = ["accuracy"]          # checks that must pass, defined below
# approvals = {{ count = 2, from = ["reviewer"] }}

# [gates.accuracy]
# kind = "metric"
# metric = "accuracy"
# min = 0.95
"""


def starting_policy(admin: Principal, branch: str, stages: Sequence[StageName]) -> bytes:
    """The text of a new policy.toml; the caller has checked the branch name."""
    text = _HEAD.format(branch=branch.replace("\\", "\\\\").replace('"', '\\"'), admin=admin)
    text += "".join(_STAGE.format(stage=stage) for stage in stages)
    return (text + _LAST.format()).encode()
