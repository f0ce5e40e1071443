"""Policy changes that are not in force: on the way, or refused; told before others stumble over them."""

from __future__ import annotations

from gitreg.core.oid import Oid
from gitreg.core.policy import POLICY_PATH
from gitreg.errors import GitregError, NotARegistryError, RefusedError
from gitreg.git.objects import ObjectReader
from gitreg.git.repository import Repository
from gitreg.operations.branch import protected_branch
from gitreg.operations.context import Context
from gitreg.operations.ground import Ground
from gitreg.operations.policy.history import policy_chain, refused_since
from gitreg.operations.policy.line import policy_line
from gitreg.operations.policy.working import working_state
from gitreg.operations.results import Failure
from gitreg.trust.policy_chain import RefusedChange, check_step

SIGN_HINT = "gitreg policy sign, then commit .gitreg; or take the change back"


def standing_refusal(ground: Ground) -> RefusedChange | None:
    """The change at the protected branch's tip that does not count, if there is one; reads go on without it."""
    line, context = ground.line, ground.context
    if line.is_at_tip:
        return None
    return policy_chain(context.repo, ground.reader, ground.branch.tip, context.config.id, line.ledger.root).standing


def unsigned_edit(context: Context) -> str | None:
    """Why the policy in the working tree would not be accepted as a change; None if it would, or is none."""
    if context.repo.root is None or not (context.repo.root / POLICY_PATH).exists():
        return None
    after = working_state(context)
    branch = protected_branch(context.repo)
    with ObjectReader(context.repo) as reader:
        before = policy_line(context, branch, reader).in_force
    if after.files == before.files:
        return None
    try:
        check_step(before, after, context.config.id)
    except GitregError as error:
        return error.message
    return None


def check_outgoing(context: Context, new: Oid) -> None:
    """Raise RefusedError if sharing the protected branch up to `new` brings a change that would not count."""
    branch = protected_branch(context.repo)
    refused = newly_refused(context, branch.shared if branch.is_shared else None, new)
    if refused:
        raise RefusedError(
            f"the policy change in {refused[0].commit[:12]} would be refused: {refused[0].reason}", hint=SIGN_HINT
        )


def newly_refused(context: Context, old: Oid | None, new: Oid) -> tuple[RefusedChange, ...]:
    """What the way of the protected branch from `old` to `new` brings that does not count."""
    if old == new:
        return ()
    with ObjectReader(context.repo) as reader:
        return refused_since(context.repo, reader, old, new, context.config.id)


def shared_tip(repo: Repository) -> Oid | None:
    """The protected branch as it was last shared, if it was."""
    try:
        branch = protected_branch(repo)
    except NotARegistryError:
        return None
    return branch.shared if branch.is_shared else None


def policy_failures(context: Context, known: Oid | None) -> list[Failure]:
    """The policy changes that do not count, of those that came after `known`; and the one that is there now."""
    branch = protected_branch(context.repo)
    new = newly_refused(context, known, branch.shared) if known else ()
    with Ground(context, branch) as ground:
        standing = standing_refusal(ground)
    return [policy_failure(each) for each in dict.fromkeys((*new, *((standing,) if standing else ())))]


def policy_failure(refused: RefusedChange) -> Failure:
    return Failure(f"commit {refused.commit[:12]}", "policy", refused.reason)
