"""Runs a command as a whole process and asks the operating system what it cost."""

from __future__ import annotations

import os
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20


# A small process starts the command: the system counts what a process had before it became another program, and ours
# has numpy and whole models in memory.
_LAUNCHER = """
import os, resource, subprocess, sys, time
started = time.perf_counter()
code = subprocess.call(sys.argv[2:], stdout=2)
wall, used = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "w") as report:
    print(code, wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, file=report)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a process and those it started: seconds, and bytes of the largest of them."""

    wall: float
    cpu: float
    memory: int


def cost_of(command: str, place: Path, environment: Mapping[str, str]) -> Cost:
    """What it took; shows what the command said and raises CalledProcessError if it failed."""
    report = place.parent / "report"
    launched = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(report), *shlex.split(command)]
    answer = subprocess.run(launched, cwd=place, env={**os.environ, **environment}, capture_output=True, check=True)
    code, wall, cpu, memory = report.read_text().split()
    if code != "0" and not (code == "1" and " status" in command):  # 1: something changed
        print(answer.stderr.decode(errors="replace"), file=sys.stderr)
        raise subprocess.CalledProcessError(int(code), command, answer.stdout, answer.stderr)
    return Cost(float(wall), float(cpu), int(memory))


def median(costs: list[Cost]) -> Cost:
    """Each figure's own median."""
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        int(statistics.median(cost.memory for cost in costs)),
    )


def median_ratio(costs: list[Cost], others: list[Cost]) -> float:
    """Median of the ratios of wall time, round by round: rounds differ more than the tools do."""
    return statistics.median(cost.wall / other.wall for cost, other in zip(costs, others, strict=True))


def stored(place: Path) -> int:
    """Bytes of the files below a place."""
    return sum(file.lstat().st_size for file in place.rglob("*") if file.is_file())


def discard(place: Path, trash: Path) -> None:
    """Empty and move away instead of deleting: ext4 avoids inodes deleted lately, which slows the next run's files."""
    for file in place.rglob("*"):
        if file.is_file() and not file.is_symlink() and file.stat().st_nlink == 1:
            file.chmod(0o600)
            os.truncate(file, 0)
    place.rename(trash / str(time.monotonic_ns()))
    os.sync()
