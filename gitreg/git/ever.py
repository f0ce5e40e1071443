"""Everything a kind of file ever was: in all commits that refs, other work trees' heads or reflogs still reach.

Also what keeps a repository from telling that for certain.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitreg.core.oid import Oid
from gitreg.core.text import escape
from gitreg.git.config import get_config, get_config_section
from gitreg.git.head import is_shallow
from gitreg.git.objects import TreeEntry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitreg.git.repository import Repository

_PROMISOR: Final = ".promisor"
_SUBMODULE: Final = "160000"


def blobs_ever(repo: Repository, suffix: str, *, reflogs: bool) -> set[TreeEntry]:
    """Each blob that ever stood at a path ending in `suffix`, in any commit that anything reaches.

    Simplified histories would leave out what a merge dropped, so none is simplified.  GitError if one is not here.
    """
    sources = ("--all", "--reflog") if reflogs else ("--all",)
    everywhere = f":(top,glob)**/*{suffix}"
    commits = repo.git.run("rev-list", "--full-history", *sources, "--", everywhere)
    options = ("--stdin", "-r", "-m", "--root", "--no-renames", "--no-commit-id", "--diff-filter=d", "--raw", "-z")
    changes = repo.git.run("diff-tree", *options, "--", everywhere, input=commits)
    return set(_changed(changes.decode("utf-8", "surrogateescape")))


def staged_blobs(repo: Repository, suffix: str) -> set[TreeEntry]:
    """The blobs at such paths in this work tree's index, all sides of a conflict included."""
    listing = repo.git.run("ls-files", "-z", "--stage", "--", f":(top,glob)**/*{suffix}")
    lines = (line.partition("\t") for line in listing.decode("utf-8", "surrogateescape").split("\0") if line)
    entries = ((path, *details.split(" ")[:2]) for details, _, path in lines)
    return {TreeEntry(path, Oid.parse(oid)) for path, mode, oid in entries if mode != _SUBMODULE}


def work_trees(repo: Repository) -> list[Path]:
    """Where each of the repository's work trees is, or was: the main one, unless it is bare, and the linked ones."""
    listing = repo.git.text("worktree", "list", "--porcelain")
    records = (record.split("\n") for record in listing.split("\n\n"))
    places = [Path(lines[0].removeprefix("worktree ")) for lines in records if "bare" not in lines]
    # Git derives the main one from the git directory, which is wrong in submodules and with core.worktree.
    return [repo.root, *places[1:]] if repo.root is not None and repo.git_dir == repo.common_dir else places


def blind_spots(repo: Repository) -> list[str]:
    """Why not everything that refs reach can be seen from here; empty if it can."""
    promised = any(key.lower().endswith(_PROMISOR) for key in get_config_section(repo, "remote."))
    others = [place for place in work_trees(repo) if place != repo.root]
    gone = [escape(os.fspath(place)) for place in others if not (place / ".git").exists()]
    findings = {
        "the clone is shallow: get its whole history with git fetch --unshallow": is_shallow(repo),
        "the clone is partial: what it left out is not here": promised or bool(_partial(repo)),
        "the repository has grafts, which hide or invent history": (repo.common_dir / "info" / "grafts").exists(),
        **{f"the work tree {place} is not there: git worktree prune forgets it": True for place in gone},
    }
    return [finding for finding, found in findings.items() if found]


def _partial(repo: Repository) -> str | None:
    return get_config(repo, "extensions.partialClone")


def _changed(changes: str) -> Iterator[TreeEntry]:
    """Pairs of `:OLDMODE NEWMODE OLD NEW STATUS` and path."""
    fields = iter(changes.split("\0"))
    for details in fields:
        if details:
            path, (_, mode, _, oid, _) = next(fields), details.split(" ")
            if mode != _SUBMODULE:
                yield TreeEntry(path, Oid.parse(oid))
