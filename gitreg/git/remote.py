"""Which remotes a repository has and where they lie.  Contacts none of them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from gitreg.core.text import escape
from gitreg.errors import GitError, NotARegistryError, UsageError
from gitreg.git.command import Git

if TYPE_CHECKING:
    from gitreg.git.repository import Repository


def remotes(repo: Repository) -> dict[str, str]:
    """Name and configured URL of each remote."""
    outcome = repo.git.attempt("config", "--null", "--get-regexp", r"^remote\..*\.url$")
    if outcome.status not in (0, 1):
        raise outcome.error()
    entries = (entry.partition("\n") for entry in os.fsdecode(outcome.stdout).split("\0") if entry)
    return {key.removeprefix("remote.").removesuffix(".url"): url for key, _, url in entries}


def remote_url(repo: Repository, remote: str) -> str:
    """The URL git would fetch from, rewritten by the user's `url.*.insteadOf`; a URL is taken as it is."""
    return repo.git.text("ls-remote", "--get-url", "--end-of-options", check_remote(remote))


def is_local_path(url: str, base: Path) -> Path | None:
    """The path a URL means if it is on this machine (`file://`, or a path, relative to `base`), by git's rules."""
    if url.startswith("file://"):
        path = unquote(url.removeprefix("file://"))
        return Path(path) if path.startswith("/") else None
    before_colon, colon, _ = url.partition(":")
    # "host:path" is SSH unless a slash comes first
    if not url or (colon and "/" not in before_colon):
        return None
    return base / url


def local_git_dir(path: Path) -> Path:
    """The common git directory of the repository at exactly `path` (or `path`.git), bare or not."""
    for candidate in (path, path.with_name(path.name + ".git")):
        if not candidate.is_dir():
            continue
        # git must not go looking in the folders above
        above = {"GIT_CEILING_DIRECTORIES": str(candidate.resolve().parent)}
        answer = Git(candidate.resolve()).attempt("rev-parse", "--path-format=absolute", "--git-common-dir", env=above)
        if answer.status == 0:
            return Path(os.fsdecode(answer.stdout).removesuffix("\n"))
        if not isinstance(error := answer.error(), NotARegistryError):
            raise error
    raise NotARegistryError(f"no Git repository at {escape(str(path))}", hint="check the remote's URL: git remote -v")


def check_remote(remote: str) -> str:
    """Return a remote's name or URL if git cannot mistake it for an option or a command."""
    if not remote or remote.startswith("-") or "\n" in remote:
        raise UsageError(f"not a remote: {escape(remote)!r}")
    if re.match(r"[A-Za-z0-9]+::", remote):
        raise GitError(f"remote helpers are not used: {escape(remote)}", hint="use an https, ssh or file URL")
    return remote
