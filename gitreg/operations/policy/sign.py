"""Signing a policy change: what lies in the working tree, on top of what is in force, and nothing else."""

from __future__ import annotations

import base64
from contextlib import suppress
from dataclasses import dataclass

from gitreg.core.names import Principal
from gitreg.core.policy_edit import with_epoch
from gitreg.core.policy_signatures import SIGNATURES_PATH, PolicySignature, format_signatures, parse_signatures
from gitreg.core.policy_statement import POLICY_NAMESPACE, PolicyStatement
from gitreg.errors import FormatError, GitError, GitregError, RefusedError, SigningError
from gitreg.git.worktree import dirty_paths, stage
from gitreg.operations.atomic import write_file
from gitreg.operations.context import Context, utc_now
from gitreg.operations.policy.history import STATE_PATHS
from gitreg.operations.policy.line import present_policy
from gitreg.operations.policy.working import read_if_there, working_state
from gitreg.operations.sign import open_signer
from gitreg.trust.policy_chain import check_changeable, check_readable, signed_by
from gitreg.trust.policy_difference import differences
from gitreg.trust.policy_state import PolicyState
from gitreg.trust.signer import Signer
from gitreg.trust.sshsig import parse_signature, sign


class NotAdminError(RefusedError):
    """The key may sign, but not policy changes."""


@dataclass(frozen=True, slots=True)
class PolicySignResult:
    """What was signed; it counts once `missing` is 0 and the files are committed to the protected branch."""

    epoch: int
    changes: tuple[str, ...]
    signed: tuple[Principal, ...]
    missing: int


def sign_policy(context: Context) -> PolicySignResult:
    """Sign the change that lies in the working tree, raise its epoch if that was forgotten, and stage it.

    Raises RefusedError, with nothing written, if there is no change or it would not be accepted whoever signs it;
    NotAdminError if the key is no admin's.
    """
    before, after = _step(context, working_state(context))
    signer = open_signer(context)
    return _finish(context, before, _signed(context, before, after, signer))


def propose(context: Context, wanted: PolicyState) -> PolicySignResult:
    """Write and stage `wanted`, signed if the key is an admin's; if not, admins sign it later.  Raises RefusedError."""
    before, after = _step(context, wanted)
    try:
        after = _signed(context, before, after, open_signer(context))
    except (NotAdminError, SigningError) as error:
        context.settings.note(f"not signed: {error.message}")
    return _finish(context, before, after)


def _step(context: Context, wanted: PolicyState) -> tuple[PolicyState, PolicyState]:
    """What is in force, and `wanted` with the epoch that comes next."""
    before = present_policy(context).in_force
    if wanted.files == before.files:
        raise RefusedError("the policy here is the one in force: there is nothing to sign", hint="edit .gitreg first")
    after = wanted._replace(policy=with_epoch(wanted.policy or b"", before.parsed().epoch + 1))
    try:
        check_readable(after)
        check_changeable(after)
    except GitregError as error:
        raise RefusedError(f"this policy would not be accepted: {error.message}", hint=error.hint) from None
    return before, after


def _signed(context: Context, before: PolicyState, after: PolicyState, signer: Signer) -> PolicyState:
    """`after` with this signature; those of others stay if they are over the same change, and count."""
    who = _admin_name(before, signer)
    statement = after.step_from(before, context.config.id)
    armored = sign(signer, statement.canonical(), POLICY_NAMESPACE)
    mine = PolicySignature(who, base64.b64encode(parse_signature(armored).blob).decode())
    others = [each for each in _counted(before, after, statement) if each.principal != who]
    return after._replace(signatures=format_signatures(statement, [*others, mine]))


def _finish(context: Context, before: PolicyState, after: PolicyState) -> PolicySignResult:
    statement = after.step_from(before, context.config.id)
    signed = tuple(each.principal for each in _counted(before, after, statement))
    _write(context, after)
    needed = before.parsed().admins.count
    return PolicySignResult(statement.epoch, differences(before, after), signed, max(0, needed - len(signed)))


def _counted(before: PolicyState, after: PolicyState, statement: PolicyStatement) -> list[PolicySignature]:
    """The signatures that lie there and count; a file that is none has none."""
    try:
        there = parse_signatures(after.signatures or b"").on(statement)
    except FormatError:
        return []
    counted = {admin.principal for admin in signed_by(before, after, statement)}
    return [each for each in there if each.principal in counted]


def _admin_name(before: PolicyState, signer: Signer) -> Principal:
    policy, key = before.parsed(), signer.public_key
    names = before.allowed_signers().principals_of(key, POLICY_NAMESPACE, utc_now())
    for name in sorted(names):
        if policy.holds(name, policy.admins.from_roles):
            return name
    who = ", ".join(sorted(names)) or f"the key {key.fingerprint}"
    admins = ", ".join(policy.admins.from_roles) or "nobody"
    raise NotAdminError(
        f"{who} may not change the policy",
        hint=f"the policy in force asks for {admins}, with a key that allowed_signers lets sign {POLICY_NAMESPACE}",
    )


def _write(context: Context, after: PolicyState) -> None:
    repo = context.repo
    for path, data in zip((*STATE_PATHS, SIGNATURES_PATH), (*after.files, after.signatures), strict=True):
        if data is not None and read_if_there(repo.work_tree / path) != data:
            write_file(repo.work_tree / path, data)
    stage(repo, [path for path in (*STATE_PATHS, SIGNATURES_PATH) if (repo.work_tree / path).exists()])
    gone = [path for path in dirty_paths(repo, STATE_PATHS) if not (repo.work_tree / path).exists()]
    with suppress(GitError):  # it may be staged as removed already
        stage(repo, gone)
