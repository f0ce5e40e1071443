"""What verifying all signed tags of a registry takes, against `git verify-tag` on some of the same tags, and how the
commands that ask about one model or one stage fare among them.  `--tags 100000` is the large case."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from signed_tags import build, environment

GOAL = 100  # times as fast as git verify-tag, whole process against whole processes
SIGNERS = "gpg.ssh.allowedSignersFile=.gitreg/allowed_signers"


@dataclass(frozen=True, slots=True)
class Run:
    """One finished command: seconds by the clock, seconds of processors, and peak memory in MiB."""

    wall: float
    cpu: float
    peak: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tags", type=int, default=10_000, help="tags in the registry")
    parser.add_argument("--models", type=int, default=20, help="models that share them")
    parser.add_argument("--runs", type=int, default=3, help="runs of each command, in turn")
    parser.add_argument("--sample", type=int, default=100, help="tags that git verify-tag gets in each run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitreg-bench-") as scratch:
        place, environ = Path(scratch) / "work", environment(Path(scratch))
        # a process of its own: a child's peak memory counts from what its parent had when it started it
        builder = get_context("spawn").Process(target=build, args=(place, environ, options.tags, options.models))
        builder.start()
        builder.join()
        if builder.exitcode != 0:
            raise SystemExit("the registry could not be built")
        os.environ.clear()
        os.environ.update(environ)
        tags = subprocess.run(["git", "tag"], cwd=place, check=True, capture_output=True, text=True).stdout.split()
        report(_measure(place, tags, options.runs, options.sample), len(tags), options.sample)


def _measure(place: Path, tags: Sequence[str], runs: int, sample: int) -> dict[str, list[Run]]:
    """Everything takes turns, so that noise meets all.  git gets other tags each time; the first round warms up."""
    program = shutil.which("gitreg", path=str(Path(sys.executable).parent)) or "gitreg"
    commands = {
        "gitreg verify": [program, "verify"],
        "gitreg verify MODEL": [program, "verify", "model-1"],
        "gitreg which": [program, "which", "model-1", "production"],
        "python -c pass": [sys.executable, "-c", "pass"],
    }
    times: dict[str, list[Run]] = {name: [] for name in ("git verify-tag", *commands)}
    for _ in range(runs + 1):
        times["git verify-tag"].append(_git(place, random.sample(tags, sample)))
        for name, command in commands.items():
            times[name].append(_run(place, command))
    return {name: values[1:] for name, values in times.items()}


def _git(place: Path, tags: Sequence[str]) -> Run:
    """One process with all of the tags: git verifies them one after another, and starts ssh-keygen twice for each."""
    return _run(place, ["git", "-c", SIGNERS, "verify-tag", *tags])


def _run(place: Path, command: Sequence[str]) -> Run:
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"failed: {' '.join(command)[:200]}")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def report(times: dict[str, list[Run]], tags: int, sample: int) -> None:
    print(f"{'command':20} {'wall (median)':>14} {'fastest':>10} {'CPU':>9} {'peak memory':>12}")
    for name, runs in times.items():
        wall, cpu = statistics.median(run.wall for run in runs), statistics.median(run.cpu for run in runs)
        fastest, peak = min(run.wall for run in runs), max(run.peak for run in runs)
        print(f"{name:20} {wall:12.3f} s {fastest:8.3f} s {cpu:7.2f} s {peak:8.0f} MiB")
    git = sample / statistics.median(run.wall for run in times["git verify-tag"])
    ours = tags / statistics.median(run.wall for run in times["gitreg verify"])
    print(f"git verify-tag: {git:.0f}/s, so {tags} would take {tags / git:.0f} s (extrapolated from {sample} a run)")
    kept = "kept" if ours >= GOAL * git else "MISSED"
    print(f"gitreg verify: {ours:.0f}/s, {ours / git:.0f} times as fast; goal {GOAL}: {kept}")


if __name__ == "__main__":
    main()
