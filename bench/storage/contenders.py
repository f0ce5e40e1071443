"""The tools compared: how each is set up in a fresh place, and its commands for the same steps."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

GITREG = str(Path(sys.executable).parent / "gitreg")
_REGISTRY = ("git init -q", f"{GITREG} -q init")
_SHARED = ("git init -q --bare hub.git", "git remote add origin hub.git")


@dataclass(frozen=True, slots=True)
class Contender:
    """Commands run in a place that holds `model/`; before `get`, `model/` is moved away.  {again} is a number."""

    name: str
    setup: tuple[str, ...]
    steps: Mapping[str, str]
    store: str = "."
    environment: Mapping[str, str] = field(default_factory=dict)


def contenders(dvc: str | None) -> list[Contender]:
    """Those that are installed; `cp` is the yardstick and always there."""
    found = [
        Contender("cp", (), {"add": "cp -r model copy", "get": "cp -r copy out"}, "copy"),
        Contender("cp, then sync", (), {"add": "sh -c 'cp -r model copy && sync -f copy'"}, "copy"),
        Contender("gitreg --no-copy", _REGISTRY, {"add": f"{GITREG} add --no-copy model"}),
        Contender(
            "gitreg --push", (*_REGISTRY, *_SHARED), {"add": f"{GITREG} add --push model"}, "hub.git/gitreg/objects"
        ),
        Contender(
            "gitreg",
            _REGISTRY,
            {
                "add": f"{GITREG} add model",
                "again": f"{GITREG} add model",
                "status": f"{GITREG} status",
                "change": f"{GITREG} add model",
                "get": f"{GITREG} pull model.gitreg -o out",
            },
            ".git/gitreg/objects",
        ),
    ]
    optional: list[tuple[str | None, Callable[[str], Contender]]] = [
        (dvc, _dvc),
        (shutil.which("git-lfs"), _lfs),
        (shutil.which("restic"), _restic),
        (shutil.which("borg"), _borg),
    ]
    return found + [make(program) for program, make in optional if program is not None]


def _dvc(program: str) -> Contender:
    setup = ("git init -q", f"{program} init -q", f"{program} config -q core.analytics false")
    steps = {
        "add": f"{program} add -q model",
        "again": f"{program} add -q model",
        "status": f"{program} status -q",
        "change": f"{program} add -q model",
        "get": f"{program} checkout -q model.dvc",
    }
    copying = f"{program} config -q cache.type copy"  # reflinks are not to be had everywhere, links are not copies
    return Contender("DVC", (*setup, copying), steps, ".dvc/cache")


def _lfs(_program: str) -> Contender:
    setup = ("git init -q", "git lfs install --local", "git lfs track 'model/**'")
    steps = {
        "add": "git add model",
        "again": "git add model",
        "status": "git status -s",
        "change": "git add model",
        "get": "git checkout -q -- model",
    }
    return Contender("Git LFS", setup, steps, ".git/lfs")


def _restic(program: str) -> Contender:
    backup = f"{program} -q -r repo backup model"
    steps = {"add": backup, "again": backup, "change": backup, "get": f"{program} -q -r repo restore latest -t out"}
    return Contender("restic", (f"{program} -q -r repo init",), steps, "repo", {"RESTIC_PASSWORD": "bench"})


def _borg(program: str) -> Contender:
    create = f"{program} create repo::{{number}} model"
    steps = {"add": create, "again": create, "change": create, "get": f"{program} extract repo::{{number}}"}
    return Contender("borg", (f"{program} init -e none repo",), steps, "repo")
