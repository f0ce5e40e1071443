"""What the two rules beside FastCDC cost and save: small entries that share chunks, and where runs of files end.

python -m bench.storage.cut_rule
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from bench.storage import schemes
from bench.storage.dedupe import cases, pair
from bench.storage.models import Shape, trained, transformer
from gitreg.storage.cutting import runs, segments

KIB = 1024
ENTRY_CASES = ("last layers tuned: pt", "LoRA", "embedding + 8 rows: pt", "pt + safetensors", "reshard")


def entries() -> None:
    """A boundary is cut at only if an entry beside it is at least this large."""
    limits = (0, 64 * KIB, 256 * KIB, 1024 * KIB)
    print("| case | " + " | ".join(f"{limit // KIB} KiB" for limit in limits) + " |\n|---" + "|---" * len(limits) + "|")
    narrow = transformer(Shape(vocabulary=8_000, width=160, layers=30))
    worst = pair("LoRA in tensors of 100 KiB", narrow, trained(narrow, ".q", ".v"), "safetensors")
    for case in [*(case for case in cases(0.25) if case.name.startswith(ENTRY_CASES)), worst]:
        with tempfile.TemporaryDirectory() as root:
            versions = case.make(Path(root))
            cells = []
            for limit in limits:
                with mock.patch.object(segments, "LARGE_ENTRY", limit):
                    cells.append(_share_and_count(versions))
        print(f"| {case.name} | {' | '.join(cells)} |", flush=True)


def directory_ends() -> None:
    """A run of small files ends at every Nth directory change (by hash) and at every Mth file."""
    rules = {
        "every directory": (1, 4096),
        "1 in 64": (64, 4096),
        "1 in 4096 files": (1 << 60, 4096),
        "never": (1 << 60,) * 2,
    }
    print("| tree | " + " | ".join(rules) + " |\n|---" + "|---" * len(rules) + "|")
    for name, make in TREES.items():
        with tempfile.TemporaryDirectory() as root:
            versions = _tree_versions(Path(root), make)
            cells = []
            for directories, files in rules.values():
                with _run_rule(directories, files):
                    cells.append(_share_and_count(versions))
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def _share_and_count(versions: list[Path]) -> str:
    share = schemes.stored_share(versions, schemes.gitreg)
    objects = len({name for version in versions for name, _ in schemes.gitreg(version)})
    return f"{share:.4f}, {objects} objects"


@contextmanager
def _run_rule(directories: int, files: int) -> Iterator[None]:
    with mock.patch.object(runs, "_DIRECTORIES_PER_RUN", directories), mock.patch.object(runs, "_FILES_PER_RUN", files):
        yield


def _many_in_few(number: int) -> str:
    return f"d{number // 200:03}/f{number:05}"


def _few_in_many(number: int) -> str:
    return f"d{number // 4:05}/f{number:05}"


TREES: dict[str, Callable[[int], str]] = {
    "20,000 files in 100 directories, 20 files new": _many_in_few,
    "20,000 files in 5,000 directories, 20 files new": _few_in_many,
}


def _tree_versions(root: Path, make: Callable[[int], str]) -> list[Path]:
    """Two versions of a tree of files of 2 to 18 KB; the second has 20 more, each beside another."""
    generator = random.Random(1)
    files = {make(number): generator.randbytes(generator.randrange(2000, 18_000)) for number in range(20_000)}
    more = {path + "a": generator.randbytes(10_000) for path in generator.sample(sorted(files), 20)}
    return [_write(root / "v1", files), _write(root / "v2", files | more)]


def _write(root: Path, files: dict[str, bytes]) -> Path:
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    return root


if __name__ == "__main__":
    entries()
    print()
    directory_ends()
