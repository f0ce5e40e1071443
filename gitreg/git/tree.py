"""Trees written file by file, without a work tree and without touching the user's index."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gitreg.core.oid import Oid
from gitreg.core.text import escape
from gitreg.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitreg.git.repository import Repository


def put_files(repo: Repository, base: Oid | None, files: Mapping[str, bytes]) -> Oid:
    """A tree like `base` (None: an empty one) in which `files` (by path from the top) have this content."""
    for path in files:
        _check_path(path)
    with TemporaryDirectory(prefix="gitreg-tree-") as scratch:
        blobs = _write_blobs(repo, list(files.values()), Path(scratch))
        index = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        repo.git.run("read-tree", *([Oid.parse(base)] if base else ["--empty"]), env=index)
        entries = b"".join(b"100644 %s\t%s\0" % pair for pair in zip(blobs, map(os.fsencode, files), strict=True))
        repo.git.run("update-index", "-z", "--index-info", input=entries, env=index)
        return Oid.parse(repo.git.text("write-tree", env=index))


def _write_blobs(repo: Repository, contents: list[bytes], scratch: Path) -> list[bytes]:
    """One git for all of them: it takes many contents only as files."""
    paths = [scratch / str(number) for number in range(len(contents))]
    for path, data in zip(paths, contents, strict=True):
        path.write_bytes(data)
    listing = b"".join(os.fsencode(path) + b"\n" for path in paths)
    return repo.git.run("hash-object", "-w", "--no-filters", "--stdin-paths", input=listing).split()


def _check_path(path: str) -> None:
    if not path.isprintable() or any(part in ("", ".", "..", ".git") for part in path.split("/")):
        raise UsageError(f"not a path inside a tree: {escape(path)}")
