"""What every test stands on: an environment of its own, and real git repositories in it."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytest_plugins = ["tests.servers.fixtures"]

# A few things of the machine's own must stay, or nothing could be started at all.
KEPT = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONPATH", "COVERAGE_PROCESS_START")

GITCONFIG = """\
[user]
\tname = Test Person
\temail = person@example.com
[init]
\tdefaultBranch = main
[gc]
\tauto = 0
[maintenance]
\tauto = false
"""


@pytest.fixture(autouse=True)
def isolated_environment(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, so that neither the developer's settings nor their keys reach a test, nor a test them."""
    home = tmp_path_factory.mktemp("home")
    (home / ".gitconfig").write_text(GITCONFIG)
    for name in list(os.environ):
        if name not in KEPT and not name.startswith("PYTEST_"):
            monkeypatch.delenv(name)
    for name in ("CONFIG", "CACHE", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / f".{name.lower()}"))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "0")
    monkeypatch.setenv("LANG", "C.UTF-8")
    return home


@pytest.fixture
def git_repo(tmp_path: Path) -> Path:
    """An empty repository on the unborn branch main."""
    return new_repo(tmp_path / "repo")


@pytest.fixture
def sh() -> Callable[..., str]:
    """`sh(directory, "git", "log")`: run a command as a user would, and return what it printed."""
    return run_command


def new_repo(path: Path, *options: str) -> Path:
    """`git init` at `path`."""
    subprocess.run(["git", "init", "--quiet", *options, str(path)], check=True)
    return path


def run_command(directory: Path, *command: str, stdin: str = "") -> str:
    """Run to success and return stdout without its last newline."""
    done = subprocess.run(command, cwd=directory, input=stdin, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.removesuffix("\n")
