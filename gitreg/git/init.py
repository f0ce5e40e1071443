"""Making a repository where there was none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitreg.git.command import Git
from gitreg.git.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path


def init_repository(directory: Path) -> Repository:
    """`git init`: the first branch is the user's init.defaultBranch, else main.  Harmless where a repository exists."""
    directory.mkdir(parents=True, exist_ok=True)
    git = Git(directory)
    configured = git.attempt("config", "--get", "init.defaultBranch").status == 0
    first = () if configured else ("--initial-branch=main",)
    git.run("init", "--quiet", *first)
    return Repository.discover(directory)
