"""Running the program as a user does: as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def gitreg(tmp_path: Path) -> Run:
    """`gitreg("show", "--json", cwd=clone)`: what the program answered."""

    def run(*args: str | Path, cwd: Path = tmp_path, python: tuple[str, ...] = (), **env: str):
        command = [sys.executable, *python, "-m", "gitreg", *map(str, args)]
        more = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, "timeout": 120}
        return subprocess.run(command, cwd=cwd, env=os.environ | {"COLUMNS": "100"} | env, check=False, **more)

    return run
