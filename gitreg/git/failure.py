"""Turns a failed git command into an error of ours: git's own first telling line, and a hint where one is known."""

from __future__ import annotations

import re
from typing import Final

from gitreg.core.text import escape
from gitreg.errors import GitError, GitregError, NotARegistryError

MINIMUM_VERSION: Final = (2, 34)

_NOISE: Final = ("hint:", "warning:", "trace:", "To ", "Cloning into")
_SUMMARY: Final = "error: failed to push some refs"
_PREFIX: Final = re.compile(r"^(?:remote: )?(?:fatal|error): ", re.IGNORECASE)
_HINTS: Final = (
    ("dubious ownership", "if you trust this directory: git config --global --add safe.directory DIRECTORY"),
    ("please tell me who you are", "set git config --global user.name and user.email"),
    ("unable to auto-detect email", "set git config --global user.name and user.email"),
    ("empty ident name", "set git config --global user.name"),
    ("no email was given", "set git config --global user.email"),
    ("no name was given", "set git config --global user.name"),
    ("authentication failed", "check your credentials for this remote (git credential helper or token)"),
    ("could not read username", "no credentials for this remote: set up a git credential helper or use an SSH URL"),
    ("could not read password", "no credentials for this remote: set up a git credential helper or use an SSH URL"),
    ("permission denied (publickey", "the remote refused your SSH key: is it loaded (ssh-add -l)?"),
    ("host key verification failed", "connect once with ssh to accept the remote's host key"),
    ("could not resolve host", "check the remote's address and your network"),
    ("non-fast-forward", "the remote has commits you lack: git pull, then try again"),
    ("fetch first", "the remote has commits you lack: git pull, then try again"),
    ("no such remote", "git remote -v lists the remotes of this repository"),
    ("does not appear to be a git repository", "check the remote's name and address: git remote -v"),
    ("does not support --atomic", "this remote cannot take several refs at once; use one served by git itself"),
    (".lock': file exists", "another git process is running here, or one crashed: wait, or remove the lock file"),
    ("no space left on device", "free some disk space; nothing was lost"),
)


def git_missing() -> GitError:
    """The error for a machine without git."""
    return GitError("git is not installed, or not on PATH", hint="install git 2.34 or newer")


def git_too_old(version: str) -> GitError:
    """The error for a git that lacks what we rely on (SSH signatures came with 2.34)."""
    return GitError(f"git {escape(version)} is too old", hint="install git 2.34 or newer")


def parse_version(text: str) -> tuple[int, int] | None:
    """Major and minor number out of `git version`'s line; None if it has no such form."""
    match = re.search(r"\bversion (\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else None


def command_failed(command: str, status: int, stderr: bytes) -> GitregError:
    """The error for `git COMMAND` that ended with `status` after writing `stderr`."""
    text = stderr.decode("utf-8", "surrogateescape")
    lowered = text.lower()
    line = _telling_line(text) or f"exit status {status}"
    if "not a git repository" in lowered and "remote repository" not in lowered:
        return NotARegistryError(escape(line), hint="run inside a Git repository, or name one with -C DIR")
    hint = next((hint for sign, hint in _HINTS if sign in lowered), None)
    return GitError(f"git {escape(command)}: {escape(line)}", hint=hint)


def _telling_line(text: str) -> str | None:
    """The first line with git's own error prefix, else the first that is not noise."""
    lines = [line.strip() for line in re.split(r"[\r\n]+", text) if line.strip()]
    # a summary, printed after whatever said why
    lines = [line for line in lines if not line.startswith(_SUMMARY)] or lines
    marked = next((line for line in lines if _PREFIX.match(line)), None)
    chosen = marked or next((line for line in lines if not line.startswith(_NOISE)), None)
    return _PREFIX.sub("", chosen) if chosen else None
