"""gitreg scan against picklescan, modelscan, fickling and modelaudit: what each misses, and what it takes for bad.

Each contender is installed from PyPI into `.benchmarks/NAME`.  A file counts as let through if the exit code is 0.
"""

from __future__ import annotations

import argparse
import io
import os
import pickle
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from bench.scan import corpus

ROOT = Path(__file__).parents[2]
CONTENDERS = {
    "gitreg": None,
    "picklescan": ["picklescan", "-p"],
    "modelscan": ["modelscan", "-p"],
    "fickling": ["fickling", "--check-safety"],
    "modelaudit": ["modelaudit", "scan"],
}
# what a contender imports and does not ask for
NOT_DECLARED = {"fickling": ["typing_extensions"]}


def command(name: str) -> list[str]:
    if CONTENDERS[name] is None:
        return [sys.executable, "-m", "gitreg", "scan", "-q"]
    place = ROOT / ".benchmarks" / name
    if not (place / "bin" / CONTENDERS[name][0]).exists():
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        packages = [name, *NOT_DECLARED.get(name, ())]
        subprocess.run([place / "bin/python", "-m", "pip", "install", "-q", *packages], check=True)
    return [str(place / "bin" / CONTENDERS[name][0]), *CONTENDERS[name][1:]]


def lets_through(words: list[str], file: Path) -> bool:
    quiet = os.environ | {"PROMPTFOO_DISABLE_TELEMETRY": "1", "NO_ANALYTICS": "1", "MODELAUDIT_NO_TELEMETRY": "1"}
    done = subprocess.run([*words, file], cwd=file.parent, env=quiet, capture_output=True, check=False, timeout=300)
    return done.returncode == 0


class Sparse(io.FileIO):
    """Zeros take no space."""

    def write(self, data) -> int:
        if len(data) < 1 << 20:
            return super().write(data)
        self.seek(len(data), os.SEEK_CUR)
        return len(data)


def large_torch_zip(file: Path, size: int) -> None:
    """A state dictionary with one sparse storage."""
    with Sparse(file, "w+") as sparse, zipfile.ZipFile(sparse, "w", allowZip64=True) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}q\x00.")
        with archive.open("archive/data/0", "w", force_zip64=True) as member:
            for _ in range(size >> 24):
                member.write(bytes(1 << 24))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=list(CONTENDERS))
    parser.add_argument("--large", type=int, default=5 << 10, metavar="MiB", help="size of the torch archive; 0: none")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=ROOT / ".benchmarks" if (ROOT / ".benchmarks").exists() else None) as place:
        folder = Path(place)
        corpus.write(folder)
        plainest = folder / "plainest.pkl"
        plainest.write_bytes(pickle.dumps({"a": 1}))
        bad = sorted(file for file in (folder / "adversarial").rglob("*") if file.is_file())
        good = sorted(file for file in (folder / "benign").rglob("*") if file.is_file())
        print(f"| scanner | missed of {len(bad)} | false alarms of {len(good)} | seconds a file |\n|---|---|---|---|")
        for name in arguments.only:
            words, start = command(name), time.perf_counter()
            if not lets_through(words, plainest):
                sys.exit(f"{name} stops the plainest pickle, so it does not work here")
            missed = [file.name for file in bad if lets_through(words, file)]
            alarms = [file.name for file in good if not lets_through(words, file)]
            each = (time.perf_counter() - start) / (len(bad) + len(good))
            print(f"| {name} | {len(missed)} | {len(alarms)} | {each:.2f} |", flush=True)
            if name == "gitreg":
                print(missed, alarms, file=sys.stderr)
        if arguments.large:
            file = folder / "large.pt"
            large_torch_zip(file, arguments.large << 20)
            start = time.perf_counter()
            lets_through(command("gitreg"), file)
            print(f"\n{arguments.large} MiB torch archive: {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
