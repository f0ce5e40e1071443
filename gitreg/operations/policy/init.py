"""Writing a policy from a template into the working tree, for its people to be filled in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gitreg.core.names import Principal
from gitreg.core.policy import POLICY_PATH, parse_policy
from gitreg.core.policy_templates import Template, policy_template
from gitreg.errors import FormatError, NotFoundError, RefusedError
from gitreg.git.config import committer
from gitreg.operations.atomic import write_file
from gitreg.operations.branch import protected_branch
from gitreg.operations.context import Context
from gitreg.operations.policy.line import present_policy

_EPOCH = re.compile(rb"^epoch = 1$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PolicyInitResult:
    """The file written, which nobody has committed."""

    path: str
    template: Template
    epoch: int
    you: Principal


def init_policy(context: Context, template: Template, *, force: bool) -> PolicyInitResult:
    """Write it as the next change of the policy in force.  RefusedError if a policy is there, unless `force`."""
    file = context.repo.work_tree / POLICY_PATH
    if file.exists() and not force:
        raise RefusedError(
            f"{POLICY_PATH} exists already", hint="--force replaces it in the working tree; git keeps what is committed"
        )
    branch = protected_branch(context.repo)
    epoch = _next_epoch(context)
    you = Principal.parse(committer(context.repo).email)
    data = _EPOCH.sub(b"epoch = %d" % epoch, policy_template(template, you, branch.name), count=1)
    parse_policy(data)
    write_file(file, data)
    return PolicyInitResult(POLICY_PATH, template, epoch, you)


def _next_epoch(context: Context) -> int:
    try:
        return 1 + present_policy(context).last.epoch
    except (FormatError, NotFoundError):
        return 1
