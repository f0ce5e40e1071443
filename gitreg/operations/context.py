"""An opened registry and the ways of the person who opened it.  Every operation takes one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from gitreg.core.config import CONFIG_PATH, Config, parse_config
from gitreg.core.oid import Oid
from gitreg.core.text import escape
from gitreg.errors import NotARegistryError
from gitreg.git.head import Detached, OnBranch, Unborn, head
from gitreg.git.objects import ObjectReader
from gitreg.git.repository import Repository


class Progress(Protocol):
    """Told how far a long step is."""

    def start(self, label: str) -> None:
        """A step begins."""

    def update(self, done: int, total: int) -> None:
        """So many of its bytes are done; may come from any thread."""

    def say(self, text: str) -> None:
        """What goes on in a step that has no bytes to count."""

    def finish(self) -> None:
        """The step is over."""


class Silent:
    """Shows nothing."""

    def start(self, label: str) -> None:
        pass

    def update(self, done: int, total: int) -> None:
        pass

    def say(self, text: str) -> None:
        pass

    def finish(self) -> None:
        pass


def _no_answer(_question: str) -> str | None:
    return None


def _unheard(_line: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Settings:
    """What belongs to the user, not to the registry."""

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    key: str | None = None
    policy_root: str | None = None  # the fingerprint that the registry must have
    jobs: int | None = None  # requests to a service side by side
    ask: Callable[[str], str | None] = _no_answer  # for a passphrase; None means there is nobody to ask
    progress: Progress = field(default_factory=Silent)
    note: Callable[[str], None] = _unheard  # a line for people, beside the result
    processes: int = 1  # that may verify at once; more than one is for programs without threads

    @property
    def home(self) -> Path:
        return Path(self.environ.get("HOME") or Path.home())

    @property
    def cache(self) -> Path:
        """Where verified checkouts are shared by all repositories."""
        if own := self.environ.get("GITREG_CACHE"):
            return Path(own)
        return Path(self.environ.get("XDG_CACHE_HOME") or self.home / ".cache") / "gitreg"


@dataclass(frozen=True, slots=True)
class Context:
    """One registry, opened."""

    repo: Repository
    config: Config
    settings: Settings

    @classmethod
    def open(cls, start: Path, settings: Settings) -> Context:
        """Open the registry that `start` lies in.  Raises NotARegistryError."""
        if not start.is_dir():
            raise NotARegistryError(f"no such directory: {escape(str(start))}", hint="check the path")
        # absolute, for the caller may change directories while the registry is open
        repo = Repository.discover(start.absolute())
        return cls(repo, parse_config(_read_config(repo)), settings)

    @contextmanager
    def step(self, label: str) -> Iterator[Callable[[int, int], None]]:
        """A step with progress: what it yields is told the bytes done and the bytes in all."""
        self.settings.progress.start(label)
        try:
            yield self.settings.progress.update
        finally:
            self.settings.progress.finish()

    def head_commit(self) -> Oid:
        """The commit that HEAD is on.  Raises NotARegistryError if there is none yet."""
        match head(self.repo):
            case Unborn(branch):
                raise NotARegistryError(f"the branch {branch} has no commits yet", hint="git commit, then try again")
            case OnBranch(oid=oid) | Detached(oid=oid):
                return oid


def _read_config(repo: Repository) -> bytes:
    if repo.root is not None and (repo.root / CONFIG_PATH).is_file():
        return (repo.root / CONFIG_PATH).read_bytes()
    if repo.root is None and not isinstance(here := head(repo), Unborn):
        with ObjectReader(repo) as reader:
            found = reader.read(f"{here.oid}:{CONFIG_PATH}")
        if found is not None:
            return found.data
    raise NotARegistryError("this Git repository is not a gitreg registry", hint="make it one: gitreg init")


def utc_now() -> datetime:
    return datetime.fromtimestamp(int(time.time()), UTC)


def iso(seconds: int) -> datetime:
    """A moment as git stores it; times beyond what calendars reach are shown as the nearest they can show."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
