"""Pushes and pulls killed once half of the bytes have passed a proxy, and run again: bytes in all, by the size."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.remote.contenders import Contender
from bench.remote.playing import Play, playing
from bench.remote.serving import Service
from tests.remotes.fault_proxy import FaultProxy

Ratios = dict[tuple[str, str], list[float]]
DIRECTIONS = ("push", "pull")
_LOOK_SECONDS = 0.002


def measure_interrupted(tools: list[Contender], source: Path, service: Service, rounds: int) -> Ratios:
    ratios: Ratios = defaultdict(list)
    for _ in range(rounds):
        for tool in tools:
            with playing(tool, source, service.proxied) as play:
                for direction in DIRECTIONS:
                    ratios[tool.name, direction].append(_interrupt(play, direction, service.proxy))
    return ratios


def print_interrupted(tools: list[Contender], ratios: Ratios) -> None:
    print("\n| killed at half, run again | push | pull |\n|---|---|---|")
    for tool in tools:
        cells = " | ".join(f"{median(ratios[tool.name, direction]):.3f}" for direction in DIRECTIONS)
        print(f"| {tool.name} | {cells} |", flush=True)


def _interrupt(play: Play, direction: str, proxy: FaultProxy) -> float:
    """Bytes in all, by those of the content."""
    content = play.prepare(direction)
    proxy.reset_counts()

    def passed() -> int:
        return (proxy.uploaded if direction == "push" else proxy.downloaded).total()

    _kill_when(play, direction, lambda: passed() >= content / 2)
    again = f"{direction} again"
    play.call(play.command(again if again in play.tool.steps else direction))
    return passed() / content


def _kill_when(play: Play, step: str, reached: Callable[[], bool]) -> None:
    """Start the step, and kill it and what it has started; one that ends sooner has failed, or is too quick."""
    process = subprocess.Popen(
        shlex.split(play.command(step)),
        cwd=play.place,
        env={**os.environ, **play.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a process group to kill
    )
    while not reached():
        if process.poll() is not None:
            raise RuntimeError(f"{play.tool.name}: {step} ended before it could be interrupted")
        time.sleep(_LOOK_SECONDS)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
