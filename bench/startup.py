"""How long the shortest commands take, against a bare interpreter: `gitreg --version`, and `gitreg which` in a registry
of 1,000 tags.  Run it with the Python that gitreg is installed for."""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import gitreg
from gitreg.operations.add import AddRequest
from gitreg.operations.context import Settings
from gitreg.operations.init import InitRequest

MODELS = 20


@dataclass(frozen=True, slots=True)
class Case:
    """A command, and how many milliseconds it may take longer than a bare interpreter."""

    name: str
    command: tuple[str, ...]
    allowance: float | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tags", type=int, default=1000, help="tags in the registry")
    parser.add_argument("--runs", type=int, default=21, help="runs of each command")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitreg-bench-") as scratch:
        environ = _environment(Path(scratch))
        registry = _registry(Path(scratch) / "registry", environ, options.tags)
        report(_measure(_cases(), registry, environ, options.runs))


def _environment(scratch: Path) -> dict[str, str]:
    """A home of its own; and compiled modules are kept, as they are everywhere but in some test machines."""
    (scratch / "home").mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "GITREG_", "SSH_"))}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    identity = {"GIT_CONFIG_GLOBAL": str(scratch / "home/.gitconfig"), "GIT_CONFIG_NOSYSTEM": "1"}
    (scratch / "home/.gitconfig").write_text("[user]\n\tname = Bench\n\temail = bench@example.com\n")
    return {**kept, **identity, "HOME": str(scratch / "home"), "XDG_CACHE_HOME": str(scratch / "home/.cache")}


def _registry(place: Path, environ: dict[str, str], tags: int) -> Path:
    """Models with versions, each promoted once: half of the tags are versions, half are stage events."""
    os.environ.clear()
    os.environ.update(environ)
    settings = Settings()
    subprocess.run(["git", "init", "--quiet", str(place)], check=True)
    gitreg.init(place, InitRequest(new_key=True, hooks=False), settings)
    registry = gitreg.open(place, settings)
    rounds = max(1, tags // (2 * MODELS))
    for number in range(rounds):
        for model in range(MODELS):
            name = f"model-{model}"
            if number == 0:
                (place / name).write_text(f"{model}\n")
                registry.add(AddRequest(Path(name), commit_message=f"Train {name}"))
            version = registry.register(name, bump="minor").version
            registry.promote(f"{name}@{version}", "production")
    subprocess.run(["git", "pack-refs", "--all"], cwd=place, check=True)
    return place


def _cases() -> list[Case]:
    program = shutil.which("gitreg", path=str(Path(sys.executable).parent)) or "gitreg"
    return [
        Case("python -c pass", (sys.executable, "-c", "pass"), None),
        Case("gitreg --version", (program, "--version"), 60),
        Case("gitreg which", (program, "which", "model-7", "production"), 120),
    ]


def _measure(cases: list[Case], place: Path, environ: dict[str, str], runs: int) -> dict[Case, list[float]]:
    """Milliseconds, the commands taking turns, so that noise meets all of them.  The first round only warms up."""
    times: dict[Case, list[float]] = {case: [] for case in cases}
    for _ in range(runs + 1):
        for case in cases:
            start = time.perf_counter()
            subprocess.run(case.command, cwd=place, env=environ, check=True, capture_output=True)
            times[case].append((time.perf_counter() - start) * 1000)
    return {case: values[1:] for case, values in times.items()}


def report(times: dict[Case, list[float]]) -> None:
    bare = statistics.median(next(iter(times.values())))
    print(f"{'command':20} {'median':>9} {'fastest':>9} {'ratio':>6} {'above bare':>11}")
    for case, values in times.items():
        median = statistics.median(values)
        above = median - bare
        verdict = "" if case.allowance is None else f"  allowed {case.allowance:.0f} ms: {_verdict(above, case)}"
        print(f"{case.name:20} {median:6.1f} ms {min(values):6.1f} ms {median / bare:6.1f} {above:8.1f} ms{verdict}")


def _verdict(above: float, case: Case) -> str:
    return "kept" if case.allowance is None or above <= case.allowance else "EXCEEDED"


if __name__ == "__main__":
    main()
