"""What the server's hook adds to a push: a promotion into a repository with 10,000 signed tags, with and without it."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from signed_tags import build, environment

import gitreg
from gitreg.git.repository import Repository
from gitreg.operations.context import Settings
from gitreg.operations.hooks import install_hooks, server_hooks

ALLOWED = 120.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tags", type=int, default=10_000, help="tags in the registry")
    parser.add_argument("--models", type=int, default=20, help="models that share them")
    parser.add_argument("--runs", type=int, default=15, help="pushes of each kind")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitreg-bench-") as scratch:
        place = build(Path(scratch) / "work", environment(Path(scratch)), options.tags, options.models)
        hub = _server(Path(scratch) / "hub.git", place)
        tags = _promote(place, options.runs + 1)
        _report(_measure(place, hub, tags), len(_git(hub, "for-each-ref", "refs/tags").split("\n")))


def _server(hub: Path, place: Path) -> Path:
    """Everything is there, the registry is known to the hook, and refs are packed as after `git gc`."""
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(hub)], check=True)
    repo = Repository.discover(hub)
    install_hooks(repo, server_hooks(repo))
    _git(place, "remote", "add", "origin", f"file://{hub}")
    _git(place, "push", "--quiet", "origin", "main", "--tags")
    _git(hub, "pack-refs", "--all")
    return hub


def _promote(place: Path, count: int) -> list[str]:
    """Signed beforehand: what is measured is the push."""
    registry = gitreg.open(place, Settings())
    return [registry.promote(f"model-1@v1.{1 + run % 2}.0", "production").tag for run in range(count)]


def _measure(place: Path, hub: Path, tags: list[str]) -> dict[str, list[float]]:
    """Milliseconds, taking turns over the same tags, so that noise meets both.  The first round only warms up."""
    times: dict[str, list[float]] = {"without": [], "with": []}
    for tag in tags:
        for kind, values in times.items():
            _git(hub, "config", "core.hooksPath", str(hub / "hooks") if kind == "with" else os.devnull)
            start = time.perf_counter()
            _git(place, "push", "--quiet", "origin", f"refs/tags/{tag}")
            values.append((time.perf_counter() - start) * 1000)
            if kind == "without":
                _git(hub, "update-ref", "-d", f"refs/tags/{tag}")
    return {kind: values[1:] for kind, values in times.items()}


def _report(times: dict[str, list[float]], tags: int) -> None:
    medians = {kind: statistics.median(values) for kind, values in times.items()}
    for kind, values in times.items():
        print(f"push {kind:8} {medians[kind]:7.1f} ms median {min(values):7.1f} ms fastest")
    added = statistics.median(w - o for w, o in zip(times["with"], times["without"], strict=True))
    fastest = min(times["with"]) - min(times["without"])
    verdict = "kept" if added <= ALLOWED else "EXCEEDED"
    print(f"added at {tags} tags: {added:.1f} ms median, {fastest:.1f} ms fastest; allowed {ALLOWED:.0f} ms: {verdict}")


def _git(place: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=place, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
