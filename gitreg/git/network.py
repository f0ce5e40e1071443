"""Commands that reach another repository: clone, fetch, listing.  Pushing has a file of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitreg.core.oid import Oid
from gitreg.errors import UsageError
from gitreg.git.command import Git, Outcome, progress_options
from gitreg.git.ref_name import check_pattern, check_ref_name
from gitreg.git.remote import check_remote
from gitreg.git.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Sequence

_PRIVATE: Final = "refs/gitreg/remotes/"


@dataclass(frozen=True, slots=True)
class FetchSpec:
    """Bring the remote's refs matching `source` to `target` here; both full names, both with one `*` or none.

    Whatever `target` held is replaced, so it must be a namespace that mirrors the remote.
    """

    source: str
    target: str

    def __str__(self) -> str:
        return f"+{check_pattern(self.source)}:{check_pattern(self.target)}"


@dataclass(frozen=True, slots=True)
class RemoteRef:
    """A ref as a remote announced it."""

    name: str
    oid: Oid


def private_tags(remote: str) -> str:
    """The namespace (ends in "/") where a remote's tags are kept until they are compared and verified."""
    check_ref_name(f"{_PRIVATE}{remote}/tags/x")
    return f"{_PRIVATE}{remote}/tags/"


def tags_spec(remote: str, pattern: str = "*") -> FetchSpec:
    """Fetches a remote's tags into `private_tags`, so that one moved over there never moves one here."""
    return FetchSpec(f"refs/tags/{pattern}", private_tags(remote) + pattern)


def branches_spec(remote: str) -> FetchSpec:
    """Fetches a remote's branches to where git itself keeps them."""
    return FetchSpec("refs/heads/*", f"refs/remotes/{remote}/*")


def clone(url: str, directory: Path) -> Repository:
    """`git clone` into `directory`, which must be empty or absent."""
    outcome = Git(Path.cwd()).converse(
        "clone", *progress_options(), "--end-of-options", check_remote(url), str(directory)
    )
    _checked(outcome)
    return Repository.discover(directory)


def fetch(repo: Repository, remote: str, specs: Sequence[FetchSpec], *, prune: bool = False) -> None:
    """Fetch just these refs.  With `prune`, refs in their targets that the remote lacks now go away."""
    if not specs:
        raise UsageError("nothing to fetch")
    _fetch(repo, remote, [str(spec) for spec in specs], prune=prune)


def fetch_everything(repo: Repository, remote: str, namespace: str) -> None:
    """Mirror every ref that the remote announces into a namespace of its own (ends in "/")."""
    check_ref_name(f"{namespace}x")
    _fetch(repo, remote, [f"+refs/*:{namespace}*"], prune=True)


def mirror(url: str, directory: Path) -> Repository:
    """A bare copy of a repository with every ref that it announces."""
    _checked(Git(Path.cwd()).converse("clone", "--mirror", "--end-of-options", check_remote(url), str(directory)))
    return Repository.discover(directory)


def _fetch(repo: Repository, remote: str, specs: Sequence[str], *, prune: bool) -> None:
    pruning = "--prune" if prune else "--no-prune"
    outcome = repo.git.converse(
        "fetch",
        "--no-tags",
        "--no-write-fetch-head",
        "--no-recurse-submodules",
        pruning,
        *progress_options(),
        "--end-of-options",
        check_remote(remote),
        *specs,
    )
    _checked(outcome)


def ls_remote(repo: Repository, remote: str, *patterns: str) -> list[RemoteRef]:
    """The refs a remote announces, unpeeled, that match one of the full-name patterns (or all)."""
    checked = [check_pattern(pattern) for pattern in patterns]
    outcome = repo.git.converse("ls-remote", "--refs", "--quiet", "--end-of-options", check_remote(remote), *checked)
    lines = _checked(outcome).decode("utf-8", "surrogateescape").split("\n")
    return [RemoteRef(name, Oid.parse(oid)) for oid, _, name in (line.partition("\t") for line in lines if line)]


def _checked(outcome: Outcome) -> bytes:
    if outcome.status != 0:
        raise outcome.error()
    return outcome.stdout
