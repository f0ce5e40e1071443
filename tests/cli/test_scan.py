"""`gitreg scan`: works without a registry, and its exit code is no if anything is not safe."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path


class Payload:
    """Unpickling this would call os.getcwd: harmless, and still a call."""

    def __reduce__(self):
        return os.getcwd, ()


def test_safe_files_anywhere(gitreg, tmp_path: Path):
    """Somebody wants to look at a download before it goes near a registry."""
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    shown = gitreg("scan", "a.csv")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.split() == ["safe", "a.csv", "text"]


def test_one_bad_file_in_a_directory(gitreg, tmp_path: Path):
    """A script that goes by the exit code must not open this directory."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "labels.txt").write_bytes(pickle.dumps(Payload()))
    (tmp_path / "d" / "readme.md").write_text("# fine\n")
    shown = gitreg("scan", "d")
    assert shown.returncode == 1
    assert "calls posix.getcwd" in shown.stdout
    results = json.loads(gitreg("scan", "--json", "d").stdout)
    assert [(each["path"], each["verdict"]) for each in results] == [
        ("d/labels.txt", "unsafe"),
        ("d/readme.md", "safe"),
    ]
    assert set(results[0]["findings"][0]) == {"rule", "verdict", "where", "detail", "advice"}


def test_wrong_words(gitreg, tmp_path: Path):
    (tmp_path / "a").write_text("x")
    assert gitreg("scan", "--profile", "torhc", "a").returncode == 2
    assert "cannot read" in gitreg("scan", "missing").stderr
    assert gitreg("scan", "missing").returncode == 1
