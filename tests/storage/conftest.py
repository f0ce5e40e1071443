"""Stores and sources that the storage tests share."""

from __future__ import annotations

import random

import pytest

from gitreg.storage.local import LocalStore


@pytest.fixture
def store(tmp_path):
    return LocalStore.create(tmp_path / "store")


@pytest.fixture
def tree(tmp_path):
    """A directory with a large file, small ones, an empty one and an executable one."""
    root = tmp_path / "source"
    generator = random.Random(7)
    contents = {
        "weights/large.bin": generator.randbytes(5_000_000),
        "weights/edge.bin": generator.randbytes(1 << 20),
        "README.md": b"# hello\n",
        "empty": b"",
        "été/données.csv": b"a,b\n1,2\n" * 1000,
        **{f"data/{number:03}.bin": generator.randbytes(3000 + number) for number in range(150)},
    }
    for path, content in contents.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    (root / "README.md").chmod(0o755)
    return root
