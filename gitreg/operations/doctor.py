"""Doctor: what is set up, what is not, and the command that fixes it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from gitreg.core.text import escape
from gitreg.errors import GitregError, SigningError
from gitreg.git.config import committer, get_config
from gitreg.git.head import Detached, head, is_shallow
from gitreg.operations.branch import protected_branch
from gitreg.operations.context import Context, Settings, utc_now
from gitreg.operations.ground import Ground
from gitreg.operations.hooks import HOOKS, installed_hooks
from gitreg.operations.policy.line import present_policy
from gitreg.operations.policy.pending import SIGN_HINT, standing_refusal, unsigned_edit
from gitreg.operations.sign import open_signer
from gitreg.operations.stores import NoRemoteError, local_store, remote_store
from gitreg.trust.rules import TAG_NAMESPACE


class Health(Enum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at; `fix` is the command or change that would help."""

    name: str
    health: Health
    detail: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class DoctorResult:
    """`ok` unless something is a problem."""

    checks: tuple[Check, ...]
    ok: bool


def doctor(start: Path, settings: Settings) -> DoctorResult:
    """Look at everything that a registry's user depends on; works outside of registries too."""
    checks = [_python()]
    try:
        context = Context.open(start, settings)
    except GitregError as error:
        checks.append(_problem("registry", error))
    else:
        checks += [check for look in _LOOKS for check in _look(look, context)]
    return DoctorResult(tuple(checks), all(check.health is not Health.PROBLEM for check in checks))


def _look(look: Callable[[Context], Iterator[Check]], context: Context) -> list[Check]:
    try:
        return list(look(context))
    except GitregError as error:
        return [_problem(look.__name__.strip("_"), error)]


def _problem(name: str, error: GitregError) -> Check:
    return Check(name, Health.PROBLEM, error.message, error.hint or "")


def _python() -> Check:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Check("python", Health.OK, f"{version} at {escape(sys.executable)}")


def _git(context: Context) -> Iterator[Check]:
    yield Check("git", Health.OK, context.repo.git.text("version"))
    who = committer(context.repo)
    yield Check("identity", Health.OK, escape(f"{who.name} <{who.email}>"))


def _registry(context: Context) -> Iterator[Check]:
    yield Check(
        "registry", Health.OK, f"{context.config.id} in {escape(str(context.repo.root or context.repo.git_dir))}"
    )
    branch = protected_branch(context.repo)
    yield Check("branch", Health.OK, f"{escape(branch.name)} at {branch.tip[:12]}")
    if isinstance(head(context.repo), Detached):
        yield Check(
            "head", Health.WARNING, "detached: new versions need a commit on a branch", f"git switch {branch.name}"
        )
    if is_shallow(context.repo):
        fix = "git fetch --unshallow"
        yield Check("history", Health.PROBLEM, "a shallow clone cannot verify what its history lacks", fix)


def _policy(context: Context) -> Iterator[Check]:
    line = present_policy(context)
    policy = line.in_force.parsed()
    stages = ", ".join(policy.stages) or "no stages"
    yield Check("policy", Health.OK, f"epoch {policy.epoch}, {stages}")
    yield Check("policy root", Health.OK, str(line.ledger.root))
    with Ground(context) as ground:
        refused = standing_refusal(ground)
    if refused is not None:
        detail = f"the one in commit {refused.commit[:12]} does not count: {refused.reason}"
        yield Check("policy change", Health.PROBLEM, detail, SIGN_HINT)
    elif (reason := unsigned_edit(context)) is not None:
        yield Check(
            "policy change", Health.WARNING, f"the one in the working tree would not count: {reason}", SIGN_HINT
        )
    for problem in line.in_force.allowed_signers().problems:
        yield Check("allowed_signers", Health.WARNING, f"a line that grants nothing: {problem}", "edit the file")


def _key(context: Context) -> Iterator[Check]:
    try:
        key = open_signer(context).public_key
    except SigningError as error:
        yield Check("key", Health.WARNING, f"{error.message}: you can read, not sign", error.hint or "")
        return
    signers = present_policy(context).in_force.allowed_signers()
    names = sorted(signers.principals_of(key, TAG_NAMESPACE, utc_now()))
    if names:
        yield Check("key", Health.OK, f"{key.fingerprint} is {', '.join(names)}")
    else:
        fix = f"an admin adds to .gitreg/allowed_signers: YOU@EXAMPLE.COM {key.line}"
        yield Check(
            "key", Health.WARNING, f"{key.fingerprint} is nobody's in allowed_signers: you can read, not sign", fix
        )


def _stores(context: Context) -> Iterator[Check]:
    local = local_store(context)
    yield Check("objects", Health.OK, f"local store {local.describe()}")
    try:
        yield Check("remote", Health.OK, f"shared store {remote_store(context).describe()}")
    except NoRemoteError as error:
        yield Check("remote", Health.WARNING, error.message, error.hint or "")
    cache = context.settings.cache
    writable = os.access(next(p for p in (cache, *cache.parents) if p.exists()), os.W_OK)
    health = Health.OK if writable else Health.WARNING
    yield Check("cache", health, escape(str(cache)), "" if writable else "set GITREG_CACHE to a writable folder")


def _hooks(context: Context) -> Iterator[Check]:
    missing = [name for name in HOOKS if name not in installed_hooks(context.repo)]
    if missing:
        yield Check("hooks", Health.WARNING, f"not installed: {', '.join(missing)}", "gitreg hooks install")
    else:
        yield Check("hooks", Health.OK, ", ".join(HOOKS))


def _stock_git(context: Context) -> Iterator[Check]:
    if get_config(context.repo, "gpg.ssh.allowedSignersFile"):
        yield Check("git verify-tag", Health.OK, "knows the registry's keys")
    else:
        fix = "git config gpg.ssh.allowedSignersFile .gitreg/allowed_signers"
        yield Check("git verify-tag", Health.WARNING, "does not know the registry's keys (gitreg does)", fix)


_LOOKS = (_git, _registry, _policy, _key, _stores, _hooks, _stock_git)
