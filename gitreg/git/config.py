"""Reading and writing git's configuration, by git's own rules (includes, environment, types); no meaning of ours."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gitreg.core.text import escape
from gitreg.errors import GitError

if TYPE_CHECKING:
    from gitreg.git.repository import Repository


class Identity(NamedTuple):
    """Who acts now, as git would write it into a commit or tag: `timestamp` in seconds, `zone` such as "+0200"."""

    name: str
    email: str
    timestamp: int
    zone: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}> {self.timestamp} {self.zone}"


def get_config(repo: Repository, key: str) -> str | None:
    """The last value of `key`, or None."""
    return repo.git.settings.current(repo).get(_folded(key))


def get_config_path(repo: Repository, key: str) -> Path | None:
    """`key` as a path, with `~` and `~user` expanded by git."""
    if not get_config(repo, key):
        return None
    return Path(os.fsdecode(repo.git.run("config", "--null", "--type=path", "--get", key)).removesuffix("\0"))


def get_config_section(repo: Repository, prefix: str) -> dict[str, str]:
    """All keys that start with `prefix` (such as "gitreg.remote.store."), without it, with their last value.

    Git folds the case of the first and last part of a key only, so `prefix` must be written in git's form.
    """
    values = repo.git.settings.current(repo)
    return {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}


def set_config(repo: Repository, key: str, value: str) -> None:
    """Set `key` in this repository's own configuration, in place of all its values there."""
    repo.git.run("config", "--local", "--replace-all", "--end-of-options", key, value)


def unset_config(repo: Repository, key: str) -> None:
    """Remove `key` from this repository's own configuration; nothing happens if it is not there."""
    outcome = repo.git.attempt("config", "--local", "--unset-all", "--end-of-options", key)
    # 5 is git's "no such key"
    if outcome.status not in (0, 5):
        raise outcome.error()


def committer(repo: Repository) -> Identity:
    """The identity git would give a commit or tag made now; GitError with a hint if the user has set none."""
    line = repo.git.text("var", "GIT_COMMITTER_IDENT")
    match = re.fullmatch(r"(.*) <(.*)> (\d+) ([+-]\d{4})", line)
    if match is None:
        raise GitError(
            f"git names an unusable identity: {escape(line)}", hint="check git config user.name and user.email"
        )
    return Identity(match[1], match[2], int(match[3]), match[4])


def _folded(key: str) -> str:
    """As git lists it: what lies between the first and the last dot keeps its case."""
    section, dot, rest = key.partition(".")
    middle, last_dot, name = rest.rpartition(".")
    return f"{section.lower()}{dot}{middle}{last_dot}{name.lower()}"
