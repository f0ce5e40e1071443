"""What adding one large file costs: `gitreg add` against `cp` and `dvc add`; wall time, CPU time, peak memory.

DVC is installed into an environment of its own, .benchmarks/dvc.  The file's bytes are random, so nothing is shared.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
MIB = 1 << 20
# ru_maxrss is in KiB on Linux and in bytes on macOS
RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process and those it started; seconds and bytes."""

    wall: float
    cpu: float
    memory: int


@dataclass(frozen=True, slots=True)
class Contender:
    """`prepare` makes a fresh place with the file in it, and returns the command to run there."""

    name: str
    prepare: Callable[[Path], tuple[str, ...]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=4096, help="MiB in all")
    parser.add_argument("--files", type=int, default=1, help="files that the bytes are spread over")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-dvc", action="store_true", help="leave DVC out, and do not install it")
    parser.add_argument("--dir", type=Path, help="where to work; needs three times the size")
    options = parser.parse_args()
    contenders = [Contender("cp", _cp), Contender("gitreg add", _gitreg)]
    if not options.no_dvc:
        dvc = _install_dvc(ROOT / ".benchmarks/dvc")
        contenders.append(Contender("dvc add", lambda place: _dvc(place, dvc)))
    with tempfile.TemporaryDirectory(prefix="gitreg-bench-", dir=options.dir) as scratch:
        os.environ |= _environment(Path(scratch))
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        source = _source(Path(scratch) / "source", options.size, options.files)
        for contender in contenders:
            report(contender.name, [_run(contender, source, Path(scratch) / "work") for _ in range(options.runs)])


def _environment(scratch: Path) -> dict[str, str]:
    home = scratch / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n\tname = Bench\n\temail = bench@example.com\n")
    return {"HOME": str(home), "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"), "DVC_NO_ANALYTICS": "1"}


def _source(place: Path, size: int, files: int) -> Path:
    place.mkdir()
    each = size * MIB // files
    for number in range(files):
        with (place / f"{number:06}.bin").open("wb") as file:
            left = each
            while left:
                left -= file.write(os.urandom(min(left, 16 * MIB)))
    return place


def _run(contender: Contender, source: Path, place: Path) -> Cost:
    """Each run starts from the same: a fresh place, the source linked into it, everything written before on disk."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    shutil.copytree(source, place / "model", copy_function=os.link)
    command = contender.prepare(place)
    os.sync()
    return _cost(command, place)


def _cost(command: tuple[str, ...], place: Path) -> Cost:
    start = time.perf_counter()
    with (place.parent / "output").open("wb") as output:
        process = subprocess.Popen(command, cwd=place, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{(place.parent / 'output').read_text()}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * RSS_UNIT)


def _cp(_place: Path) -> tuple[str, ...]:
    return ("cp", "-r", "model", "copy")


def _gitreg(place: Path) -> tuple[str, ...]:
    program = shutil.which("gitreg", path=str(Path(sys.executable).parent)) or "gitreg"
    subprocess.run(["git", "init", "--quiet"], cwd=place, check=True)
    subprocess.run([program, "-q", "init", "--new-key", "--no-hooks"], cwd=place, check=True)
    return (program, "-q", "add", "model")


def _dvc(place: Path, dvc: Path) -> tuple[str, ...]:
    subprocess.run(["git", "init", "--quiet"], cwd=place, check=True)
    subprocess.run([dvc, "init", "--quiet"], cwd=place, check=True)
    # copies, as gitreg and cp make them; with links DVC moves the user's file away and leaves a link
    subprocess.run([dvc, "config", "cache.type", "copy"], cwd=place, check=True)
    return (str(dvc), "add", "--quiet", "model")


def _install_dvc(place: Path) -> Path:
    dvc = place / "bin/dvc"
    if not dvc.exists():
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        subprocess.run([place / "bin/python", "-m", "pip", "install", "--quiet", "dvc"], check=True)
    return dvc


def report(name: str, costs: list[Cost]) -> None:
    wall, cpu = statistics.median(c.wall for c in costs), statistics.median(c.cpu for c in costs)
    memory = max(c.memory for c in costs) / MIB
    fastest = min(c.wall for c in costs)
    print(f"{name:12} {wall:7.2f} s wall (fastest {fastest:.2f})  {cpu:7.2f} s CPU  {memory:6.0f} MiB peak", flush=True)


if __name__ == "__main__":
    main()
