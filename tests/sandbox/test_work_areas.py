"""A gitreg that is killed leaves its program's directory; the next one removes that, and no living one's."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from gitreg.sandbox import work_area as areas
from gitreg.sandbox.run import Task, run_sandboxed

SLEEP = """
import sys
from gitreg.sandbox.run import Task, run_sandboxed
run_sandboxed(Task((sys.executable, "-I", "-c", "import time; open('secret', 'w').close(); time.sleep(60)")))
"""


@pytest.fixture
def started(tmp_path, monkeypatch):
    """A gitreg of its own that runs a program, and the directory of that."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", SLEEP], env={**os.environ, "TMPDIR": str(tmp_path)}) as other:
        yield other, _its_directory(tmp_path)
        other.kill()


def _its_directory(place: Path) -> Path:
    for _ in range(600):
        if found := list(place.glob("*/secret")):
            return found[0].parent
        time.sleep(0.05)
    raise AssertionError("the program does not start")


def run() -> None:
    assert run_sandboxed(Task((sys.executable, "-I", "-c", "pass"))).code == 0


def test_the_directory_of_one_that_was_killed_is_removed_by_the_next(started, monkeypatch):
    other, left = started
    other.kill()
    other.wait()
    assert left.exists()
    monkeypatch.setattr(areas, "_FRESH", 0.0)
    run()
    assert not left.exists()


def test_the_directory_of_a_living_one_stays(started, monkeypatch):
    other, used = started
    monkeypatch.setattr(areas, "_FRESH", 0.0)
    run()
    assert used.exists()
    assert other.poll() is None


def test_a_fresh_one_stays_since_its_owner_may_not_have_locked_it_yet(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "gitreg-sandbox-new").mkdir()
    run()
    assert (tmp_path / "gitreg-sandbox-new").exists()
