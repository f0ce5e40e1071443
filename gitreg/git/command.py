"""The one door to the user's `git` executable: fixed argument vectors, no shell, a scrubbed environment.

Knows nothing of registries; everything that comes from outside reaches git behind `--end-of-options` or checked.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from gitreg.errors import GitregError, UsageError
from gitreg.git import failure
from gitreg.git.environment import hook_environment, scrubbed_environment
from gitreg.git.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

# Messages are handed over as UTF-8, whatever the user writes their own in.
_SETTINGS: Final = ("-c", "i18n.commitEncoding=UTF-8")


class Outcome(NamedTuple):
    """How a git command ended, for callers to whom a non-zero status is an answer."""

    git: Git
    command: str
    status: int
    stdout: bytes
    stderr: bytes

    def error(self) -> GitregError:
        """This outcome as an error; an outdated git is named as the cause before anything else."""
        version = Git(Path("/"), self.git.environment).attempt("version").stdout.decode("utf-8", "replace")
        parsed = failure.parse_version(version)
        if parsed is not None and parsed < failure.MINIMUM_VERSION:
            return failure.git_too_old(version.removeprefix("git version ").strip())
        return failure.command_failed(self.command, self.status, self.stderr)


@dataclass(frozen=True, slots=True)
class Git:
    """Runs git in one directory.  `Git.for_hook` keeps the variables with which git describes the event to a hook."""

    directory: Path
    environment: Mapping[str, str] = field(default_factory=scrubbed_environment, repr=False, compare=False)
    settings: Settings = field(default_factory=Settings, repr=False, compare=False)

    @classmethod
    def for_hook(cls, directory: Path) -> Git:
        """The git that a hook uses: same repository, index and quarantined objects as the git that called it."""
        return cls(directory, hook_environment())

    def run(self, *args: str, input: bytes | None = None, env: Mapping[str, str] | None = None) -> bytes:  # noqa: A002
        """Run and return stdout; GitError (or NotARegistryError) if git fails."""
        outcome = self.attempt(*args, input=input, env=env)
        if outcome.status != 0:
            raise outcome.error()
        return outcome.stdout

    def text(self, *args: str, env: Mapping[str, str] | None = None) -> str:
        """`run`, decoded and without the closing newline; undecodable bytes survive as surrogates."""
        return self.run(*args, env=env).decode("utf-8", "surrogateescape").strip("\n")

    def ok(self, *args: str) -> bool:
        """For git's yes-or-no commands: True at status 0, False at 1, GitError for anything else."""
        outcome = self.attempt(*args)
        if outcome.status not in (0, 1):
            raise outcome.error()
        return outcome.status == 0

    def attempt(
        self,
        *args: str,
        input: bytes | None = None,  # noqa: A002
        env: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run to the end, whatever the status."""
        with self.start(*args, env=env) as process:
            try:
                stdout, stderr = process.communicate(input)
            except BaseException:
                # an interrupted caller must not leave a git behind that still holds locks
                process.kill()
                raise
        return Outcome(self, args[0], process.returncode, stdout, stderr)

    def converse(self, *args: str, input: bytes | None = None) -> Outcome:  # noqa: A002
        """Run a command that a person may be watching: what git says on stderr shows at once on a terminal.

        Prompts for credentials need no help: git and ssh ask on the terminal itself, never through stderr.
        """
        if not sys.stderr.isatty():
            return self.attempt(*args, input=input)
        said: list[bytes] = []
        with self.start(*args) as process:
            listener = threading.Thread(target=_echo, args=(process.stderr, said), daemon=True)
            listener.start()
            try:
                stdout = _talk(process, input)
                listener.join()
            except BaseException:
                process.kill()
                raise
        return Outcome(self, args[0], process.returncode, stdout, b"".join(said))

    def start(
        self, *args: str, env: Mapping[str, str] | None = None, stderr: int = subprocess.PIPE
    ) -> subprocess.Popen[bytes]:
        """A running git with its streams piped; the caller ends it."""
        command = ["git", *_SETTINGS, "-C", str(self.directory), *args]
        if any("\0" in arg for arg in command):
            raise UsageError("a NUL character cannot be part of a name or path")
        environment = {**self.environment, **env} if env else self.environment
        pipe = subprocess.PIPE
        try:
            return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=stderr, env=environment)
        except FileNotFoundError:
            raise failure.git_missing() from None


def progress_options() -> tuple[str, ...]:
    """Git shows no progress into a pipe unless told to; ask for it exactly when a person would see it."""
    return ("--progress",) if sys.stderr.isatty() else ()


def _talk(process: subprocess.Popen[bytes], data: bytes | None) -> bytes:
    if process.stdin is None or process.stdout is None:
        raise ValueError("the process must be started with pipes")
    try:
        process.stdin.write(data or b"")
        process.stdin.close()
    except BrokenPipeError:
        # git ended without reading its input; its status and stderr say why
        pass
    return process.stdout.read()


def _echo(stream: IO[bytes], said: list[bytes]) -> None:
    while piece := os.read(stream.fileno(), 65536):
        said.append(piece)
        sys.stderr.buffer.write(piece)
        sys.stderr.buffer.flush()
