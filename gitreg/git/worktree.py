"""The index and the work tree: what is dirty, staging, and commits that take exactly the paths they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitreg.core.oid import Oid
from gitreg.core.text import escape
from gitreg.errors import RefusedError
from gitreg.git.repository import pathspecs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitreg.git.repository import Repository


def dirty_paths(repo: Repository, paths: Sequence[str] = ()) -> list[str]:
    """Paths (from the top) that differ from HEAD or are untracked and not ignored, below `paths` or anywhere."""
    listing = repo.git.run(
        "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--", *pathspecs(paths)
    )
    entries = listing.decode("utf-8", "surrogateescape").split("\0")
    return [entry[3:] for entry in entries if entry]


def stage(repo: Repository, paths: Sequence[str]) -> None:
    """`git add` exactly these files; git refuses ignored ones (GitError)."""
    if paths:
        repo.git.run("add", "--", *pathspecs(paths))


def commit(repo: Repository, message: str, paths: Sequence[str]) -> Oid:
    """Commit the present content of `paths` and nothing else; what else the user has staged stays staged.

    The user's hooks and signing settings apply.  RefusedError if these paths hold nothing new.
    """
    if not dirty_paths(repo, paths) or not paths:
        raise RefusedError(f"nothing to commit in {escape(', '.join(paths))}")
    # --only wants its paths to be known to git already
    stage(repo, paths)
    # The message is data: a leading "#" in it is no comment, whatever commit.cleanup says.
    outcome = repo.git.converse(
        "commit",
        "--quiet",
        "--only",
        "--cleanup=whitespace",
        "--file=-",
        "--",
        *pathspecs(paths),
        input=message.encode("utf-8"),
    )
    if outcome.status != 0:
        raise outcome.error()
    return Oid.parse(repo.git.text("rev-parse", "--verify", "HEAD^{commit}"))
