"""The protected branch: the one whose policy, keys and commits count in this clone."""

from __future__ import annotations

from typing import NamedTuple

from gitreg.core.oid import Oid
from gitreg.core.policy import POLICY_PATH, Policy, parse_policy
from gitreg.errors import NotARegistryError, NotFoundError
from gitreg.git.config import get_config, get_config_section, set_config
from gitreg.git.head import default_branch
from gitreg.git.history import is_ancestor
from gitreg.git.objects import ObjectReader
from gitreg.git.refs import Ref, list_refs
from gitreg.git.repository import Repository

SIGNERS_PATH = ".gitreg/allowed_signers"
_REMOTES = "refs/remotes/"
PINNED_BRANCH = "gitreg.branch"
GIT_REMOTE = "gitreg.gitRemote"
DEFAULT_GIT_REMOTE = "origin"


def git_remote(repo: Repository) -> str:
    """The Git remote that the registry is shared through."""
    return get_config(repo, GIT_REMOTE) or DEFAULT_GIT_REMOTE


class ProtectedBranch(NamedTuple):
    """The branch here and, if there is one, the remote's as last fetched.  `tip` is the newer of both."""

    name: str
    refs: tuple[Ref, ...]
    tip: Oid

    @property
    def ref_names(self) -> list[str]:
        return [ref.name for ref in self.refs]

    @property
    def is_shared(self) -> bool:
        """Whether the remote's branch is known here."""
        return any(ref.name.startswith(_REMOTES) for ref in self.refs)

    @property
    def shared(self) -> Oid:
        """The remote's tip, as far as it is known; where there is none, what is here is all there is."""
        return next((ref.oid for ref in self.refs if ref.name.startswith(_REMOTES)), self.tip)


def protected_branch(repo: Repository) -> ProtectedBranch:
    """Find the branch.  Raises NotARegistryError if it has no commit."""
    settings = get_config_section(repo, "gitreg.")
    name = settings.get("branch") or _pin(repo)
    remote = f"{_REMOTES}{settings.get('gitremote', DEFAULT_GIT_REMOTE)}/{name}"
    found = {ref.name: ref for ref in list_refs(repo, f"refs/heads/{name}", remote)}
    if not found:
        raise NotARegistryError(f"the branch '{name}' has no commits here", hint="git fetch, or commit to it")
    refs = tuple(found.values())
    if len(refs) == 1 or refs[0].oid == refs[1].oid:
        return ProtectedBranch(name, refs, refs[0].oid)
    local, theirs = found[f"refs/heads/{name}"], found[remote]
    ahead = is_ancestor(repo, theirs.oid, [local.name])
    return ProtectedBranch(name, refs, local.oid if ahead else theirs.oid)


def _pin(repo: Repository) -> str:
    """A clone settles on the branch once, so that no later commit can name another one."""
    name = default_branch(repo)
    found = list_refs(repo, f"refs/heads/{name}", f"{_REMOTES}{git_remote(repo)}/{name}")
    if not found:
        raise NotARegistryError(f"the branch '{name}' has no commits here", hint="git fetch, or commit to it")
    with ObjectReader(repo) as reader:
        branch = read_policy(reader, found[0].oid)[1].branch
    set_config(repo, PINNED_BRANCH, branch)
    return branch


def read_policy(reader: ObjectReader, commit: Oid) -> tuple[Oid, Policy]:
    """The policy in a commit, and its blob's name."""
    found = reader.read(f"{commit}:{POLICY_PATH}")
    if found is None:
        raise NotFoundError(f"{POLICY_PATH} is not in the protected branch", hint="commit it: git add .gitreg")
    return found.oid, parse_policy(found.data)
