"""Where HEAD stands, and which branch a repository takes for its main one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitreg.core.oid import Oid
from gitreg.git.config import get_config
from gitreg.git.history import line_start

if TYPE_CHECKING:
    from gitreg.git.repository import Repository


class Unborn(NamedTuple):
    """On a branch (short name) that has no commit yet."""

    branch: str


class OnBranch(NamedTuple):
    """On a branch (short name) whose tip is `oid`."""

    branch: str
    oid: Oid


class Detached(NamedTuple):
    """On a commit, on no branch."""

    oid: Oid


Head = Unborn | OnBranch | Detached


def head(repo: Repository) -> Head:
    """Where HEAD stands now."""
    branch = _symbolic(repo, "HEAD", "refs/heads/")
    tip = repo.git.attempt("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if tip.status == 0:
        oid = Oid.parse(tip.stdout.decode("ascii").strip())
        return Detached(oid) if branch is None else OnBranch(branch, oid)
    if branch is None:
        raise tip.error()
    return Unborn(branch)


def default_branch(repo: Repository) -> str:
    """The short name of the main branch.

    In a bare repository HEAD's; otherwise what origin says, else what git would create if it exists, else HEAD's.
    """
    if repo.root is None:
        return _symbolic(repo, "HEAD", "refs/heads/") or "main"
    upstream = _symbolic(repo, "refs/remotes/origin/HEAD", "refs/remotes/origin/")
    if upstream is not None:
        return upstream
    configured = get_config(repo, "init.defaultBranch") or "main"
    if repo.git.ok("show-ref", "--verify", "--quiet", f"refs/heads/{configured}"):
        return configured
    return _symbolic(repo, "HEAD", "refs/heads/") or configured


def is_cut_off(repo: Repository, tip: Oid) -> bool:
    """Whether the line (first parents) of a commit ends where a shallow clone was cut."""
    try:
        cuts = (repo.common_dir / "shallow").read_text(encoding="ascii").split()
    except FileNotFoundError:
        return False
    return line_start(repo, tip) in cuts


def is_shallow(repo: Repository) -> bool:
    """Whether history is cut off, so that ancestry cannot be answered for certain."""
    return (repo.common_dir / "shallow").exists()


def _symbolic(repo: Repository, ref: str, prefix: str) -> str | None:
    outcome = repo.git.attempt("symbolic-ref", "--quiet", ref)
    if outcome.status == 1 or (outcome.status == 128 and b"not a symbolic ref" in outcome.stderr):
        return None
    if outcome.status != 0:
        raise outcome.error()
    target = outcome.stdout.decode("utf-8", "surrogateescape").strip("\n")
    return target.removeprefix(prefix) if target.startswith(prefix) else None
