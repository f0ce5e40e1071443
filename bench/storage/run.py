"""Adds, re-adds, changes and checks out the same files with gitreg and its peers; whole processes, medians, ratios.

    python -m bench.storage.run [--work big|small|model]... [--rounds 3] [--size MIB] [--dvc PROGRAM] [--dir DIR]
        [--page docs/performance-storage.md]

In each round the tools take turns.  The source is in the page cache; what a tool has just written may be, too.
Needs four times the size on disk.
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

import numpy as np

from bench.storage.contenders import Contender, contenders
from bench.storage.costs import MIB, Cost, cost_of, discard, stored
from bench.storage.models import Shape, trained, transformer, write_safetensors
from bench.storage.page import SECTIONS, table, with_table

Costs = dict[tuple[str, str], list[Cost]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", action="append", choices=SOURCES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=4096, help="MiB of the big file")
    parser.add_argument("--dvc", type=os.path.abspath, help="the dvc program of an environment of its own")
    parser.add_argument("--only", action="append", help="names of contenders")
    parser.add_argument("--dir", type=Path)
    parser.add_argument("--page", type=Path, help="where to replace the tables of what was measured")
    options = parser.parse_args()
    tools = [tool for tool in contenders(options.dvc) if not options.only or tool.name in options.only]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.dir) as name:
        root = Path(name)
        (root / "trash").mkdir()
        make_home(root / "home")
        for work in options.work or SOURCES:
            source = root / work
            SOURCES[work](source, options.size)
            print(f"\n{work}: {stored(source) / MIB:.0f} MiB, {options.rounds} rounds, load {os.getloadavg()[0]:.1f}")
            costs: Costs = defaultdict(list)
            for _ in range(options.rounds):
                for tool in tools:
                    _run(tool, source, root, costs)
            made = table([tool.name for tool in tools], costs)
            print(f"\n{made}", flush=True)
            if options.page and work in SECTIONS:
                options.page.write_text(with_table(options.page.read_text(), SECTIONS[work], made))


def make_home(home: Path) -> None:
    """Settings and a key of the benchmark's own; sets HOME."""
    home.mkdir()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / "key"], check=True)
    settings = "[user]\n\tname = B\n\temail = b@example.com\n\tsigningkey = {}\n[gpg]\n\tformat = ssh\n"
    (home / ".gitconfig").write_text(settings.format(home / "key.pub"))
    os.environ |= {"HOME": str(home), "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes", "DVC_NO_ANALYTICS": "1"}


def write_big(source: Path, size: int) -> None:
    """One file of `size` MiB."""
    source.mkdir()
    with (source / "model.bin").open("wb") as file:
        for _ in range(size // 16):
            file.write(os.urandom(16 * MIB))


def write_small(source: Path, count: int) -> None:
    """So many files of 10 KB, 200 in a folder."""
    for number in range(count):
        path = source / f"{number // 200:03}" / f"{number:05}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(10_240))


def _model(source: Path, _size: int) -> None:
    source.mkdir()
    write_safetensors(source / "model.safetensors", transformer(Shape(layers=40)))


def _change_model(model: Path) -> int:
    """Train the last four of forty layers; return the changed bytes."""
    before = transformer(Shape(layers=40))
    parts = [f"layer{layer}" for layer in range(36, 40)]
    (model / "model.safetensors").unlink()
    write_safetensors(model / "model.safetensors", trained(before, *parts))
    return sum(np.asarray(tensor).nbytes for name, tensor in before.items() if name.startswith(tuple(parts)))


SOURCES: dict[str, Callable[[Path, int], None]] = {
    "big": write_big,
    "small": lambda source, _size: write_small(source, 20_000),
    "model": _model,
}


def _run(tool: Contender, source: Path, root: Path, costs: Costs) -> None:
    place = root / "place"
    place.mkdir()
    shutil.copytree(source, place / "model", copy_function=os.link)
    for command in tool.setup:
        subprocess.run(
            shlex.split(command), cwd=place, check=True, capture_output=True, env=os.environ | tool.environment
        )
    os.sync()
    before = 0
    for number, (step, command) in enumerate(tool.steps.items()):
        if step == "change":
            if source.name != "model":
                continue
            changed, before = _change_model(place / "model"), stored(place / tool.store)
        if step == "get":
            (place / "model").rename(root / "aside")
        costs[tool.name, step].append(cost_of(command.format(number=_archive(step, number)), place, tool.environment))
        if step == "change":
            share = (stored(place / tool.store) - before) / changed
            print(f"{tool.name}: stored {share:.3f} x the changed bytes")
        os.sync()
    discard(place, root / "trash")
    if (root / "aside").exists():
        shutil.rmtree(root / "aside")


def _archive(step: str, number: int) -> int:
    """borg names its archives; what is got is the first one."""
    return 0 if step == "get" else number


if __name__ == "__main__":
    main()
