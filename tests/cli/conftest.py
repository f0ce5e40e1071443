"""Running the program as a user does: as a process of its own, and in a registry."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gitreg.cli.main import run

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def gitreg(tmp_path: Path) -> Run:
    """`gitreg("show", "--json", cwd=clone)`: what the program answered."""

    def run(*args: str | Path, cwd: Path = tmp_path, python: tuple[str, ...] = (), **env: str):
        command = [sys.executable, *python, "-m", "gitreg", *map(str, args)]
        more = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, "timeout": 120}
        return subprocess.run(command, cwd=cwd, env=os.environ | {"COLUMNS": "100"} | env, check=False, **more)

    return run


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with one model in dev, shared through a bare repository beside it; copied, never used itself."""
    home = tmp_path_factory.mktemp("template")
    (home / ".gitconfig").write_text("[user]\nname = Ada\nemail = ada@example.com\n[init]\ndefaultBranch = main\n")
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
    env = kept | {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "LANG": "C.UTF-8"}
    work = home / "work"
    model = work / "models" / "mnist"

    def do(*command: str, cwd: Path = work) -> None:
        subprocess.run(command, cwd=cwd, env=env, check=True, capture_output=True, stdin=subprocess.DEVNULL)

    program = (sys.executable, "-m", "gitreg")
    do("git", "init", "-q", "--bare", "hub.git", cwd=home)
    do("git", "init", "-q", "work", cwd=home)
    do("git", "remote", "add", "origin", "../hub.git")
    do(*program, "init", "--new-key")
    model.mkdir(parents=True)
    (model / "weights.bin").write_bytes(bytes(range(256)) * 40)
    do(*program, "add", "models/mnist", "--metric", "accuracy=0.98", "--param", "epochs=3", "--commit", "Add mnist")
    do(*program, "register", "mnist", "-m", "The first one")
    do(*program, "promote", "mnist@v1.0.0", "dev")
    do(*program, "push")
    return home


@pytest.fixture
def registry(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the template's repositories, to stand in and change."""
    for name in ("hub.git", "work"):
        shutil.copytree(template / name, tmp_path / name, symlinks=True)
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Callable[..., object]:
    """`ask("which", "mnist", "dev", code=0)`: a command's JSON, from within this process to save time."""

    def run_json(*args: str, code: int = 0) -> object:
        capsys.readouterr()
        assert run([*args, "--json"]) == code, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)

    return run_json
