"""Peak memory of adding one file of 1, 4 and 20 GiB into a store: it must not grow with the file.

    python -m bench.storage.memory [--sizes 1 4 20] [--dir DIR]

The file repeats 16 random MiB with a number in each, so the disk needs the largest size and a little more.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from bench.storage.costs import MIB, cost_of

ADD = """
import pathlib, sys
from gitreg.storage.ingest import ingest
from gitreg.storage.local import LocalStore
ingest(pathlib.Path(sys.argv[1]), LocalStore.create(pathlib.Path(sys.argv[2])))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 4, 20], help="GiB, growing")
    parser.add_argument("--dir", type=Path)
    options = parser.parse_args()
    print("| size | wall | CPU | peak memory |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.dir) as name:
        root, block, done = Path(name), os.urandom(16 * MIB), 0
        (root / "place").mkdir()
        (root / "add.py").write_text(ADD)
        for size in options.sizes:
            with (root / "file").open("ab") as file:
                for number in range(done, size * 64):
                    file.write(number.to_bytes(8, "little") + block[8:])
            done = size * 64
            command = f"{sys.executable} {root / 'add.py'} {root / 'file'} {root / 'store'}"
            cost = cost_of(command, root / "place", {"PYTHONPATH": str(Path.cwd())})
            print(f"| {size} GiB | {cost.wall:.1f} s | {cost.cpu:.1f} s | {cost.memory / MIB:.0f} MiB |", flush=True)


if __name__ == "__main__":
    main()
