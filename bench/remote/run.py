"""Pushes and pulls the same files with gitreg and its peers through one S3 server; whole processes, medians, ratios.

    python -m bench.remote.run [--work big|small|many]... [--rounds 3] [--size MIB] [--delay MS] [--dvc PROGRAM]

The server is Ceph's object gateway on this machine, so it shares the cores with the clients: CPU seconds tell more than
the clock.  With --delay, every request goes through a proxy that adds so many milliseconds.
Peers (aws, s5cmd, rclone) are looked for in .benchmarks/clients/bin.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import boto3

from bench.remote.contenders import Contender, contenders
from bench.remote.serving import serving
from bench.storage.costs import MIB, Cost, cost_of, median, median_ratio, stored
from bench.storage.run import make_home, write_big, write_small

Costs = dict[tuple[str, str], list[Cost]]
STEPS = ("push", "push again", "change", "pull")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", action="append", choices=SOURCES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=2048, help="MiB of the big file")
    parser.add_argument("--delay", type=int, default=0, help="milliseconds added to each request")
    parser.add_argument("--dvc", help="the dvc program of an environment of its own, with dvc[s3]")
    parser.add_argument("--clients", type=Path, default=Path(".benchmarks/clients/bin").absolute())
    parser.add_argument("--only", action="append", help="names of contenders")
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPATH"] = str(Path.cwd())
    with tempfile.TemporaryDirectory(prefix="bench-") as name, serving(options.delay) as server:
        root = Path(name)
        make_home(root / "home")
        os.environ |= server.environment
        tools = [
            tool
            for tool in contenders(server, options.clients, options.dvc)
            if not options.only or tool.name in options.only
        ]
        for work in options.work or SOURCES:
            SOURCES[work](root / work, options.size)
            print(f"\n{work}: {stored(root / work) / MIB:.0f} MiB, {options.rounds} rounds, {options.delay} ms added")
            costs: Costs = defaultdict(list)
            for number in range(options.rounds):
                for tool in tools:
                    _run(tool, root / work, root, f"{work}-{number}-{tools.index(tool)}", costs)
            _report(tools, costs)


SOURCES: dict[str, Callable[[Path, int], None]] = {
    "big": write_big,
    "small": lambda source, _size: write_small(source, 2_000),
    "many": lambda source, _size: write_small(source, 20_000),
}


def _change(model: Path) -> None:
    """Write a tenth of the bytes anew: the end of a big file, or all of every tenth folder."""
    folders = sorted(path for path in model.iterdir() if path.is_dir())
    if not folders:
        with (model / "model.bin").open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(size - size // 10)
            file.write(os.urandom(size // 10))
    for folder in folders[::10]:
        for path in folder.iterdir():
            path.write_bytes(os.urandom(path.stat().st_size))


def _run(tool: Contender, source: Path, root: Path, bucket: str, costs: Costs) -> None:
    place = root / "place"
    place.mkdir()
    shutil.copytree(source, place / "model")
    boto3.client("s3").create_bucket(Bucket=bucket)
    environment = {**tool.environment, "GITREG_CACHE": str(place / "home-cache")}
    for command in tool.setup:
        _call(command.format(bucket=bucket), place, environment)
    for step in STEPS:
        if step not in tool.steps:
            continue
        if step == "change":
            _change(place / "model")
        if step == "pull":
            for command in tool.forget:
                _call(command, place, environment)
        os.sync()
        costs[tool.name, step].append(cost_of(tool.steps[step].format(bucket=bucket), place, environment))
    _empty(bucket)
    shutil.rmtree(place)


def _call(command: str, place: Path, environment: dict[str, str]) -> None:
    subprocess.run(shlex.split(command), cwd=place, check=True, capture_output=True, env={**os.environ, **environment})


def _empty(bucket: str) -> None:
    """The server keeps its objects in memory."""
    resource = boto3.resource("s3").Bucket(bucket)
    resource.objects.delete()
    resource.delete()


def _report(tools: list[Contender], costs: Costs) -> None:
    for step in STEPS:
        rows = [tool.name for tool in tools if costs[tool.name, step]]
        if not rows:
            continue
        base = rows[0]
        print(f"\n| {step} | wall | of {base} | CPU | peak memory |\n|---|---|---|---|---|")
        for name in rows:
            each = costs[name, step]
            cost, ratio = median(each), median_ratio(each, costs[base, step])
            row = f"| {name} | {cost.wall:.2f} s | {ratio:.2f} | {cost.cpu:.2f} s | {cost.memory / MIB:.0f} MiB |"
            print(row, flush=True)


if __name__ == "__main__":
    main()
