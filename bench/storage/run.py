"""Adds, re-adds, changes and checks out the same files with gitreg and its peers; whole processes, medians, ratios.

    python -m bench.storage.run [--work big|small|model]... [--cache warm|cold]... [--rounds 3] [--size MIB]
        [--dvc PROGRAM] [--only NAME]... [--dir DIR] [--page docs/performance-storage.md]

In each round the tools take turns.  Before each step the source and all that the tool has stored are read into the
page cache (warm), or the page cache is emptied (cold: only adding and checking out; needs root).
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
from bench.storage.page_cache import PageCache

Costs = dict[tuple[str, str], list[Cost]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", action="append", choices=SOURCES)
    parser.add_argument("--cache", action="append", choices=[state.value for state in PageCache])
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
            for state in map(PageCache, options.cache or ["warm"]):
                made = _measure(tools, source, state, options.rounds)
                print(f"\n{made}", flush=True)
                if options.page and (work, state) in SECTIONS:
                    options.page.write_text(with_table(options.page.read_text(), SECTIONS[work, state], made))


def _measure(tools: list[Contender], source: Path, state: PageCache, rounds: int) -> str:
    """A table of what the tools' steps took."""
    size, load = stored(source) / MIB, os.getloadavg()[0]
    print(f"\n{source.name}, {state.value}: {size:.0f} MiB, {rounds} rounds, load {load:.1f}", flush=True)
    costs: Costs = defaultdict(list)
    for _ in range(rounds):
        for tool in tools:
            _run(tool, source, state, costs)
    return table([tool.name for tool in tools], costs)


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


def _run(tool: Contender, source: Path, state: PageCache, costs: Costs) -> None:
    root = source.parent
    place = root / "place"
    place.mkdir()
    shutil.copytree(source, place / "model", copy_function=os.link)
    for command in tool.setup:
        subprocess.run(
            shlex.split(command), cwd=place, check=True, capture_output=True, env=os.environ | tool.environment
        )
    before = 0
    for number, (step, command) in enumerate(tool.steps.items()):
        if not _is_measured(step, source.name, state):
            continue
        if step == "change":
            changed, before = _change_model(place / "model"), stored(place / tool.store)
        if step == "get":
            (place / "model").rename(root / "aside")
        state.prepare(place)
        costs[tool.name, step].append(cost_of(command.format(number=_archive(step, number)), place, tool.environment))
        if step == "change":
            share = (stored(place / tool.store) - before) / changed
            print(f"{tool.name}: stored {share:.3f} x the changed bytes")
    discard(place, root / "trash")
    if (root / "aside").exists():
        shutil.rmtree(root / "aside")


def _is_measured(step: str, work: str, state: PageCache) -> bool:
    """Only models are changed, and what starts from an empty page cache is adding and checking out."""
    if state is PageCache.COLD:
        return step in {"add", "get"}
    return step != "change" or work == "model"


def _archive(step: str, number: int) -> int:
    """borg names its archives; what is got is the first one."""
    return 0 if step == "get" else number


if __name__ == "__main__":
    main()
