"""An artifact of a million files: add, add again, status, one file pulled; whole processes, each run once.

    python -m bench.storage.million [--files 1000000] [--dir DIR]

A file holds some 30 bytes; on most disks it takes 4 KiB all the same.  `--dir` on a tmpfs spares the disk.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

from bench.storage.contenders import GITREG
from bench.storage.costs import MIB, cost_of
from bench.storage.run import make_home

STEPS = {
    "add": f"{GITREG} add model",
    "add again": f"{GITREG} add model",
    "status": f"{GITREG} status",
    "pull one file": f"{GITREG} pull model.gitreg -o out --files {{middle}}",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--dir", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.dir) as name:
        root = Path(name)
        make_home(root / "home")
        place = root / "place"
        _make_files(place / "model", options.files)
        for command in (("git", "init", "-q"), (GITREG, "-q", "init")):
            subprocess.run(command, cwd=place, check=True)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        print("| step | wall | CPU | peak memory |\n|---|---|---|---|")
        for step, command in STEPS.items():
            cost = cost_of(command.format(middle=_path(options.files // 2)), place, {})
            print(f"| {step} | {cost.wall:.1f} s | {cost.cpu:.1f} s | {cost.memory / MIB:.0f} MiB |", flush=True)


def _make_files(model: Path, count: int) -> None:
    for number in range(count):
        file = model / _path(number)
        if number % 1000 == 0:
            file.parent.mkdir(parents=True)
        file.write_bytes(b"the content of file %07d\n" % number)


def _path(number: int) -> str:
    return f"d{number // 1000:04}/f{number:07}"


if __name__ == "__main__":
    main()
