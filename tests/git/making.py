"""What tests here begin with: commits and repositories, made as a user makes them."""

from __future__ import annotations

from pathlib import Path

from gitreg.core.oid import Oid
from gitreg.git.command import Git
from gitreg.git.repository import Repository


def commit_empty(repo: Repository, message: str) -> Oid:
    """A commit that changes no file."""
    repo.git.run("commit", "--quiet", "--allow-empty", "--message", message)
    return Oid(repo.git.text("rev-parse", "HEAD"))


def init_bare(path: Path) -> Repository:
    """A repository that others push to."""
    Git(path.parent).run("init", "--quiet", "--bare", "--initial-branch=main", str(path))
    return Repository.discover(path)
