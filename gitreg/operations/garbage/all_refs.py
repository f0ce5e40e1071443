"""Every ref that may need an object of a shared store: this clone's, the Git remote's, and those of other registries.

What cannot be seen whole is an error: a ref that was overlooked would lose its bytes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gitreg.core.text import escape
from gitreg.errors import GitError
from gitreg.git.ever import blind_spots
from gitreg.git.network import fetch_everything, ls_remote, mirror
from gitreg.git.refs import TAGS, delete_refs, list_refs
from gitreg.git.remote import is_local_path, local_git_dir, remotes
from gitreg.git.repository import Repository
from gitreg.operations.branch import git_remote
from gitreg.operations.context import Context
from gitreg.operations.exclusive import exclusively

# The Git remote's refs as they are now lie here while gc looks at them: `refs/heads/x` as PRIVATE + `heads/x`.
# One gc at a time looks at them: another one would take them away from under it.
PRIVATE = "refs/gitreg/gc/"
_LOCK = "gc-refs.lock"
_ATTEMPTS = 3  # somebody may push while we look


@contextmanager
def all_refs(context: Context, also: Sequence[str]) -> Iterator[list[Repository]]:
    """The repositories whose refs count; those of the Git remote are in the first.

    Raises GitError or NotARegistryError if not every ref of them all can be seen.
    """
    with ExitStack() as stack:
        stack.enter_context(exclusively(context.repo, _LOCK))
        stack.callback(_forget, context.repo)
        named = [stack.enter_context(_other(each)) for each in also]
        others = [each for each in named if each.common_dir != context.repo.common_dir]
        _look_at_remote(context.repo, alone=len(others) < len(named))
        repositories = [context.repo, *others]
        for repo in repositories:
            for reason in blind_spots(repo):
                raise GitError(reason if repo == context.repo else f"{escape(str(repo.common_dir))}: {reason}")
        yield repositories


def plain_name(ref: str) -> str:
    """What people call a ref, here or on the Git remote: a tag by its short name."""
    return _remote_name(ref).removeprefix(TAGS)


def _remote_name(ref: str) -> str:
    return f"refs/{ref.removeprefix(PRIVATE)}" if ref.startswith(PRIVATE) else ref


def _look_at_remote(repo: Repository, *, alone: bool) -> None:
    """Fetch every ref, and again until all that is announced is here.

    `alone`: somebody has said that a repository without Git remotes is all there is.
    """
    remote, known = git_remote(repo), remotes(repo)
    if alone and not known:
        return
    if remote not in known:
        hint = "git config gitreg.gitRemote NAME" if known else "if nobody else uses the store: --also ."
        raise GitError(f"there is no Git remote '{escape(remote)}' to ask what others need", hint=hint)
    for _ in range(_ATTEMPTS):
        fetch_everything(repo, remote, PRIVATE)
        here = {(_remote_name(ref.name), ref.oid) for ref in list_refs(repo, PRIVATE)}
        unseen = [ref.name for ref in ls_remote(repo, remote) if (ref.name, ref.oid) not in here]
        if not unseen:
            return
    raise GitError(f"not every ref of '{remote}' can be fetched: {escape(unseen[0])}", hint="git fetch tells more")


@contextmanager
def _other(place: str) -> Iterator[Repository]:
    """Another registry: where it lies, with all its work trees, or a copy of it that lasts as long as we look."""
    path = is_local_path(place, Path.cwd())
    if path is not None:
        yield Repository.discover(local_git_dir(path) if not path.is_dir() else path)
        return
    with tempfile.TemporaryDirectory(prefix="gitreg-gc-") as folder:
        copy = mirror(place, Path(folder) / "registry.git")
        here = {(ref.name, ref.oid) for ref in list_refs(copy)}
        for ref in ls_remote(copy, place):
            if (ref.name, ref.oid) not in here:
                raise GitError(f"{escape(ref.name)} of {escape(place)} cannot be fetched", hint="run gc again")
        yield copy


def _forget(repo: Repository) -> None:
    delete_refs(repo, list_refs(repo, PRIVATE))
