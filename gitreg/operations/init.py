"""Init: a Git repository becomes a registry."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from pathlib import Path

from gitreg.core.config import CONFIG_PATH, Config, format_config
from gitreg.core.digest import Digest
from gitreg.core.names import Principal, StageName
from gitreg.core.oid import Oid
from gitreg.core.policy import POLICY_PATH, parse_policy
from gitreg.core.policy_text import starting_policy
from gitreg.core.registry_id import RegistryId
from gitreg.core.remote_url import RemoteUrl
from gitreg.errors import NotARegistryError, RefusedError, SigningError, UsageError
from gitreg.git.config import committer, get_config, set_config
from gitreg.git.head import Detached, head
from gitreg.git.repository import Repository
from gitreg.git.worktree import commit
from gitreg.operations.atomic import write_file
from gitreg.operations.branch import PINNED_BRANCH, SIGNERS_PATH
from gitreg.operations.context import Context, Settings
from gitreg.operations.hooks import install_hooks
from gitreg.operations.policy.line import present_policy
from gitreg.operations.sign import MADE_KEY, SIGNING_KEY, open_signer
from gitreg.operations.stores import local_store, trust_remote
from gitreg.trust.allowed_signers import format_line
from gitreg.trust.key_discovery import NoKeyError
from gitreg.trust.private_key import generate_key
from gitreg.trust.public_key import PublicKey

DEFAULT_STAGES = ("dev", "staging", "production")
DEFAULT_REMOTE = "origin"


@dataclass(frozen=True, slots=True)
class InitRequest:
    """How to set up; with `new_key` a signing key is made if there is none yet."""

    remote: RemoteUrl | None = None
    stages: tuple[StageName, ...] = tuple(StageName(stage) for stage in DEFAULT_STAGES)
    new_key: bool = False
    hooks: bool = True


@dataclass(frozen=True, slots=True)
class InitResult:
    """What was made; `key_file` is set if a key was generated."""

    registry: RegistryId
    path: Path
    branch: str
    admin: Principal
    key: str
    key_file: Path | None
    remote: RemoteUrl | None
    commit: Oid
    hooks: tuple[str, ...]
    policy_root: Digest  # what the others compare


def init(start: Path, request: InitRequest, settings: Settings) -> InitResult:
    """Write and commit `.gitreg/`.  Raises NotARegistryError, RefusedError if it is one already, SigningError."""
    repo = _repository(start)
    branch = _branch(repo)
    if (repo.work_tree / CONFIG_PATH).exists():
        raise RefusedError("this repository is a registry already", hint="gitreg show")
    admin = _principal(repo)
    remotes = {DEFAULT_REMOTE: request.remote} if request.remote else {}
    config = Config(RegistryId(str(uuid.uuid4())), remotes, DEFAULT_REMOTE if remotes else None)
    context = Context(repo, config, settings)
    key, key_file = _key(context, admin, make=request.new_key)
    made = _commit(context, admin, key, branch, request.stages)
    _configure(context, branch, key_file)
    hooks = tuple(install_hooks(repo) if request.hooks else ())
    root = _policy_root(context)
    return InitResult(
        config.id, repo.work_tree, branch, admin, key.fingerprint, key_file, request.remote, made, hooks, root
    )


def _repository(start: Path) -> Repository:
    try:
        return Repository.discover(start)
    except NotARegistryError as error:
        raise NotARegistryError(error.message, hint="git init first, then gitreg init") from None


def _branch(repo: Repository) -> str:
    here = head(repo)
    if isinstance(here, Detached):
        raise RefusedError("HEAD is detached, so there is no branch to protect", hint="git switch main, then try again")
    return here.branch


def _principal(repo: Repository) -> Principal:
    email = committer(repo).email
    try:
        return Principal.parse(email)
    except UsageError as error:
        raise UsageError(f"your git user.email cannot be a principal: {error.message}", hint=error.hint) from None


def _key(context: Context, admin: Principal, *, make: bool) -> tuple[PublicKey, Path | None]:
    """The key that will sign, found as always; on request the one that gitreg makes for itself if none is found."""
    try:
        return open_signer(context).public_key, None
    except NoKeyError as error:
        if not make:
            raise SigningError(error.message, hint="make one with: gitreg init --new-key") from None
    except SigningError:
        if not make:
            raise
    file = context.settings.home / MADE_KEY
    return generate_key(file, admin), file


def _commit(context: Context, admin: Principal, key: PublicKey, branch: str, stages: tuple[StageName, ...]) -> Oid:
    policy = starting_policy(admin, branch, stages)
    parse_policy(policy)
    files = {
        CONFIG_PATH: format_config(context.config),
        POLICY_PATH: policy,
        SIGNERS_PATH: format_line([admin], key).encode(),
    }
    for path, data in files.items():
        write_file(context.repo.work_tree / path, data)
    return commit(context.repo, "Make this repository a gitreg registry", list(files))


def _policy_root(context: Context) -> Digest:
    """Who makes a registry need not be told that this clone trusts it."""
    return present_policy(replace(context, settings=replace(context.settings, note=lambda _line: None))).ledger.root


def _configure(context: Context, branch: str, key_file: Path | None) -> None:
    repo = context.repo
    set_config(repo, PINNED_BRANCH, branch)
    if key_file is not None:
        set_config(repo, SIGNING_KEY, str(key_file))
    elif context.settings.key is not None:
        set_config(repo, SIGNING_KEY, str(Path(context.settings.key).expanduser().absolute()))
    if get_config(repo, "gpg.ssh.allowedSignersFile") is None:
        # so that `git verify-tag` and `git log --show-signature` agree with us
        set_config(repo, "gpg.ssh.allowedSignersFile", SIGNERS_PATH)
    local_store(context)
    if context.config.default_remote is not None:
        trust_remote(context, context.config.default_remote)
