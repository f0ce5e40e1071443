"""What the client library alone can do: a folder's bytes as objects of 4 MiB, or a file each if smaller, 16 at once.

    python -m bench.remote.raw push FOLDER BUCKET | pull BUCKET FOLDER

Nothing is hashed, compared, named by content or made durable: it is the yardstick, not a tool.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import obstore
from obstore.store import S3Store

_PIECE = 4 << 20
_AT_ONCE = 16


def main() -> None:
    match sys.argv[1:]:
        case ["push", folder, bucket]:
            _push(Path(folder), S3Store(bucket))
        case ["pull", bucket, folder]:
            _pull(S3Store(bucket), Path(folder))
        case _:
            sys.exit(__doc__)


def _push(folder: Path, store: S3Store) -> None:
    def send(piece: tuple[Path, int]) -> None:
        path, start = piece
        with path.open("rb", buffering=0) as file:
            data = os.pread(file.fileno(), _PIECE, start)
        obstore.put(store, f"raw/{path.relative_to(folder)}/{start}", data, use_multipart=False)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(send, _pieces(folder)))


def _pieces(folder: Path) -> Iterator[tuple[Path, int]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield from ((path, start) for start in range(0, path.stat().st_size, _PIECE))


def _pull(store: S3Store, folder: Path) -> None:
    def fetch(key: str) -> None:
        name, _, start = key.removeprefix("raw/").rpartition("/")
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT, 0o644)
        os.pwrite(handle, obstore.get(store, key).bytes(), int(start))
        os.close(handle)

    keys = [str(entry["path"]) for page in obstore.list(store, "raw", chunk_size=1000) for entry in page]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(fetch, keys))


if __name__ == "__main__":
    main()
