"""The demo: it runs, and what it narrates is what ran."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gitreg.demo.guards import POLICY
from gitreg.demo.run import DemoError, run_demo
from gitreg.demo.story import Command, Step, story
from gitreg.errors import RefusedError
from gitreg.gates import table

NEEDED = ("sklearn", "skl2onnx", "onnxruntime", "safetensors", "skops")


@pytest.mark.slow
def test_the_demo_does_what_it_says_and_can_be_asked_again(tmp_path: Path, isolated_environment: Path):
    """One test for all of it, for the demo takes its time."""
    for package in NEEDED:
        pytest.importorskip(package)
    done = _demo("--keep", tmp_path / "kept", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    said = [line.strip() for line in done.stdout.splitlines()]

    commands = [f"{command.where} $ {command.text}" for step in story() for command in step.commands]
    assert [line for line in said if " $ " in line] == commands
    for where, command, code in AGAIN:
        again = _run(tmp_path / "kept", where, command)
        assert again.returncode == code, again.stderr
        assert {line.strip() for line in again.stdout.splitlines()} <= set(said), command

    # nothing of the person's own was used
    assert not (isolated_environment / ".ssh").exists()
    assert not (isolated_environment / ".cache" / "gitreg").exists()

    before = sorted((tmp_path / "kept").rglob("*"))
    second = _demo("--keep", tmp_path / "kept", cwd=tmp_path)
    assert (second.returncode, "is not empty" in second.stderr, "hint: " in second.stderr) == (1, True, True)
    assert sorted((tmp_path / "kept").rglob("*")) == before


# where, what to type, and how it ends; what it prints must have been in the story
AGAIN = (
    ("alice", "gitreg which digits production", 0),
    ("alice", "git verify-tag 'digits#production#3'", 0),
    ("alice", "gitreg lineage digits@v1.0.0", 0),
    ("serving", "gitreg which digits production", 1),
    ("serving", "gitreg pull digits@v1.1.0 -o ../tampered-again", 1),
    ("serving", "python -m gitreg.demo.training predict ../model --data ../images", 0),
)


def test_every_kind_of_gate_guards_the_demos_production():
    """Whoever looks for an example of one finds it there, and sees it run."""
    policy = tomllib.loads(POLICY)
    stage = policy["stages"]["production"]
    gates = [policy["gates"][name] for name in stage["gates"]]
    assert {gate["kind"] for gate in gates} == set(table._BUILT_IN)
    assert {option for gate in gates for option in gate} >= {"evaluate", "max_regression", "margin"}
    assert stage["decide"] == "hybrid"


def _demo(*args: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gitreg", "demo", *map(str, args)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def _run(kept: Path, where: str, command: str) -> subprocess.CompletedProcess[str]:
    """As that person would, looking around on their machine afterwards."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own = {"HOME": str(kept / "home"), "XDG_CACHE_HOME": str(kept / "caches" / where), "PATH": path}
    shell = ["/bin/sh", "-c", command]
    environment = os.environ | own
    return subprocess.run(shell, cwd=kept / where, env=environment, capture_output=True, text=True, check=False)


def test_a_folder_with_something_in_it_is_never_used(tmp_path: Path):
    (tmp_path / "precious").write_text("keep")
    with pytest.raises(RefusedError):
        run_demo(print, tmp_path)
    with pytest.raises(RefusedError):
        run_demo(print, tmp_path / "precious")
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (Command("alice", "exit 3"), "ended with 3, not 0"),
        (Command("alice", "true", refused=True), "ended with 0, not 1"),
        (Command("alice", "kill -9 $$", refused=True), "not 1"),
    ],
)
def test_a_story_that_goes_another_way_stops_and_cleans_up(
    command: Command, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("gitreg.demo.run.story", lambda: iter([Step("why", (command,))]))
    with pytest.raises(DemoError, match=why):
        run_demo(lambda _line: None)
    assert list(tmp_path.iterdir()) == []
