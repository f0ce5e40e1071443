"""Seconds, CPU and memory of whole processes: the contenders take turns, medians and ratios within a round."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from bench.remote.contenders import Contender, Server
from bench.remote.playing import STEPS, playing
from bench.storage.costs import MIB, Cost, cost_of, median, median_ratio
from bench.storage.page_cache import PageCache

Costs = dict[tuple[str, str], list[Cost]]
_HEAD = "| {step} | wall | of {base} | CPU | CPU per GB | peak memory |\n|---|---|---|---|---|---|"


def measure_times(tools: list[Contender], source: Path, server: Server, rounds: int, cache: PageCache) -> Costs:
    costs: Costs = defaultdict(list)
    for _ in range(rounds):
        for tool in tools:
            with playing(tool, source, server) as play:
                for step in play.steps:
                    play.prepare(step)
                    cache.prepare(play.place)
                    costs[tool.name, step].append(cost_of(play.command(step), play.place, play.environment))
    return costs


def print_times(tools: list[Contender], costs: Costs, size: int) -> None:
    """A table for each step; CPU per GB is that of all content, `size` bytes, except for what changes a tenth."""
    for step in STEPS:
        rows = [tool.name for tool in tools if costs[tool.name, step]]
        if not rows:
            continue
        print("\n" + _HEAD.format(step=step, base=rows[0]))
        for name in rows:
            each = costs[name, step]
            cost, ratio = median(each), median_ratio(each, costs[rows[0], step])
            per_gb = f"{cost.cpu / size * 1e9:.1f} s" if step in {"push", "pull"} else ""
            row = (name, f"{cost.wall:.2f} s", f"{ratio:.2f}", f"{cost.cpu:.2f} s", per_gb)
            print(f"| {' | '.join(row)} | {cost.memory / MIB:.0f} MiB |", flush=True)
