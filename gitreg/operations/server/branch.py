"""What a server asks of the protected branch: it stays, it only grows, and its policy changes are signed."""

from __future__ import annotations

from gitreg.core.config import CONFIG_PATH
from gitreg.core.policy import POLICY_PATH
from gitreg.core.policy_signatures import SIGNATURES_PATH
from gitreg.errors import GitregError
from gitreg.git.objects import ObjectReader
from gitreg.git.pushed import PushedRef, continues, leaves_alone
from gitreg.operations.policy.history import STATE_PATHS, refused_since
from gitreg.operations.policy.line import policy_line
from gitreg.operations.server.push import ServerPush, config_at
from gitreg.trust.rules import CheckError

_GUARDED = (*STATE_PATHS, SIGNATURES_PATH, CONFIG_PATH)


def check_branch(push: ServerPush, ref: PushedRef) -> None:
    """Raise CheckError unless the protected branch may change like this."""
    if ref.new is None:
        raise CheckError("branch", "the protected branch is never deleted")
    if ref.old is not None and not continues(push.context.repo, ref.old, ref.new):
        raise CheckError("branch", "the protected branch only grows", hint="git pull, then push without force")
    if push.before is None:
        _check_first(push)
    elif not leaves_alone(push.context.repo, push.before, ref.new, _GUARDED):
        _check_policy(push, ref)


def _check_first(push: ServerPush) -> None:
    """The registry's own first commits are believed, as a clone believes them; the steps after that must be signed."""
    with ObjectReader(push.context.repo) as reader:
        line = policy_line(push.context, push.seen, reader)
        named = line.in_force.parsed().branch
        if named != push.branch:
            raise CheckError("branch", f"the policy protects another branch: {named}")
        refused = refused_since(push.context.repo, reader, None, push.seen.tip, push.context.config.id)
    for change in refused:
        raise CheckError("policy", f"commit {change.commit[:12]}: {change.reason}")


def _check_policy(push: ServerPush, ref: PushedRef) -> None:
    context = push.context
    if ref.new is None:
        return
    with ObjectReader(context.repo) as reader:
        if _registry(reader, ref) != context.config.id:
            raise CheckError("registry", f"{CONFIG_PATH} would name another registry", hint="the id never changes")
        for change in refused_since(context.repo, reader, push.before, ref.new, context.config.id):
            raise CheckError(
                "policy",
                f"commit {change.commit[:12]}: {change.reason}",
                hint=f"gitreg policy sign, after a change of {POLICY_PATH} or a key; each such commit needs it",
            )


def _registry(reader: ObjectReader, ref: PushedRef) -> str | None:
    try:
        return config_at(reader, ref.new).id if ref.new else None
    except GitregError:
        return None
