"""Telling the story: each command is shown, then run by the shell exactly as shown, and must end as foreseen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from gitreg.demo.guards import POLICY, PROGRAMS
from gitreg.demo.story import Command, story
from gitreg.errors import GitregError, MissingDependencyError, RefusedError

_NEEDED = ("sklearn", "skl2onnx", "onnx", "onnxruntime", "safetensors", "skops")
_TIMEOUT = 120  # seconds for one command


@dataclass(frozen=True, slots=True)
class DemoResult:
    """How many commands ran, how long it took, and where the outcome lies if it was kept."""

    commands: int
    seconds: float
    kept: Path | None


class DemoError(GitregError):
    """A command of the story did not end as it should have."""

    kind = "demo"


def run_demo(say: Callable[[str], None], keep: Path | None = None) -> DemoResult:
    """Run the whole story in a throw-away folder, or in `keep`.  Raises DemoError, MissingDependencyError."""
    _check_packages()
    folder = _folder(keep)
    started = time.monotonic()
    try:
        count = _tell(folder, say)
    finally:
        if keep is None:
            _remove(folder)
    return DemoResult(count, round(time.monotonic() - started, 1), keep)


def _tell(folder: Path, say: Callable[[str], None]) -> int:
    (folder / "home").mkdir(parents=True)
    (folder / "alice").mkdir()
    (folder / "policy.toml").write_text(POLICY, encoding="utf-8")
    (folder / "gates").mkdir()
    for path, program in PROGRAMS.items():
        (folder / path).write_text(program, encoding="utf-8")
        (folder / path).chmod(0o755)
    environment = _environment(folder)
    count = 0
    for step in story():
        say("")
        say(f"# {step.why}")
        for command in step.commands:
            _run(command, folder, environment, say)
            count += 1
    return count


def _run(command: Command, folder: Path, environment: dict[str, str], say: Callable[[str], None]) -> None:
    say(f"{command.where} $ {command.text}")
    done = subprocess.run(
        ["/bin/sh", "-c", command.text],
        cwd=folder / command.where,
        env={**environment, "XDG_CACHE_HOME": str(folder / "caches" / command.where)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_TIMEOUT,
        check=False,
    )
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        say(f"    {line}")
    expected = 1 if command.refused else 0
    if done.returncode != expected:
        raise DemoError(
            f"'{command.text}' ended with {done.returncode}, not {expected}",
            hint="gitreg doctor, or run the demo with --keep DIR and look around",
        )


def _check_packages() -> None:
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise MissingDependencyError(f"the demo needs {', '.join(missing)}", hint="pip install 'gitreg[demo]'")


def _folder(keep: Path | None) -> Path:
    if keep is None:
        return Path(tempfile.mkdtemp(prefix="gitreg-demo-"))
    if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise RefusedError(f"{keep} is not empty", hint="name a folder that does not exist yet")
    keep.mkdir(parents=True, exist_ok=True)
    return keep.absolute()


def _remove(folder: Path) -> None:
    """Objects and checkouts are read-only, and so are their folders."""
    for root, folders, _ in os.walk(folder):
        for name in folders:
            path = Path(root) / name
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(folder)


def _environment(folder: Path) -> dict[str, str]:
    """The person's own, but with a home, a Git identity and keys of the demo's: nothing of theirs is used.

    Everybody in the story has a machine, and so a cache, of their own.
    """
    bin_folder = str(Path(sys.executable).parent)
    keep = {
        name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "GITREG_", "SSH_", "XDG_"))
    }
    return {
        **keep,
        "HOME": str(folder / "home"),
        "PATH": f"{bin_folder}{os.pathsep}{os.environ.get('PATH', '')}",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": "3",
        "GIT_CONFIG_KEY_0": "user.name",
        "GIT_CONFIG_VALUE_0": "Alice",
        "GIT_CONFIG_KEY_1": "user.email",
        "GIT_CONFIG_VALUE_1": "alice@example.com",
        "GIT_CONFIG_KEY_2": "init.defaultBranch",
        "GIT_CONFIG_VALUE_2": "main",
    }
