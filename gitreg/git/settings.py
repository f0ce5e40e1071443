"""All of git's configuration, read by one git and kept until a file that it may come from changes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gitreg.git.repository import Repository


_NO_FILE = "command line:"  # as git calls what it was told when it was started, which stays as it is


class _Look(NamedTuple):
    """What tells a file from the one that git puts in its place."""

    inode: int
    modified: int
    changed: int
    size: int


class Settings:
    """What one repository is configured to, by lower-case key; asking git for each key would cost a process each."""

    def __init__(self) -> None:
        self._values: Mapping[str, str] = {}
        self._looks: dict[Path, _Look | None] = {}

    def current(self, repo: Repository) -> Mapping[str, str]:
        """Every key, as `git config --list` writes it, with its last value; GitError if a file is broken."""
        files = [*(self._looks or _usual_files(repo))]
        while (looks := {file: _look(file) for file in files}) != self._looks:
            self._values, included = _read(repo)
            self._looks = looks
            files += [file for file in included if file not in looks]  # read again, for these were not looked at before
        return self._values


class _Entry(NamedTuple):
    """One value of one key, and the file that it comes from."""

    key: str
    value: str
    file: Path

    @property
    def includes(self) -> bool:
        return self.key == "include.path" or (self.key.startswith("includeif.") and self.key.endswith(".path"))


def _read(repo: Repository) -> tuple[Mapping[str, str], Iterable[Path]]:
    """The values, and all files that they come from, or would if these were there or their condition held."""
    fields = os.fsdecode(repo.git.run("config", "--null", "--show-origin", "--list")).split("\0")[:-1]
    entries = [_entry(repo, origin, text) for origin, text in zip(fields[0::2], fields[1::2], strict=True)]
    named = [entry.file.parent / Path(entry.value).expanduser() for entry in entries if entry.includes]
    origins = [entry.file for entry in entries if entry.file.name != _NO_FILE]
    return {entry.key: entry.value for entry in entries}, dict.fromkeys([*origins, *named])


def _entry(repo: Repository, origin: str, text: str) -> _Entry:
    key, _, value = text.partition("\n")
    top = repo.root or repo.git_dir  # where git stands when it names a file by a relative path
    return _Entry(key, value, top / origin.removeprefix("file:"))


def _usual_files(repo: Repository) -> Iterator[Path]:
    """Where git looks even if nothing is there yet; conditional includes go by the branch, so by HEAD, too."""
    environment = repo.git.environment
    home = Path(environment.get("HOME", "/"))
    own = Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "git" / "config"
    yield from (repo.common_dir / "config", repo.git_dir / "config.worktree", repo.git_dir / "HEAD")
    yield Path(environment.get("GIT_CONFIG_SYSTEM", "/etc/gitconfig"))
    if "GIT_CONFIG_GLOBAL" in environment:
        yield Path(environment["GIT_CONFIG_GLOBAL"])
    else:
        yield from (own, home / ".gitconfig")


def _look(file: Path) -> _Look | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return _Look(found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size)
