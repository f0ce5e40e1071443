"""Reading parts: the right bytes, verified, and no chunk fetched that was not asked for."""

from __future__ import annotations

import io
import os
import random
from collections import Counter

import pytest

from gitreg.core.excerpt import excerpt_of
from gitreg.core.limits import MIB
from gitreg.storage.artifact_file import open_artifact_file
from gitreg.storage.checkout import materialise
from gitreg.storage.ingest import ingest
from gitreg.storage.local import LocalStore
from gitreg.storage.store import MissingObjectError
from gitreg.storage.verified import CorruptObjectError
from tests.storage.helpers import contents, damage, object_file


class Counting(LocalStore):
    """Counts how often each object is read."""

    def __init__(self, root):
        super().__init__(root)
        self.reads = Counter()

    def read(self, digest):
        self.reads[digest] += 1
        return super().read(digest)


@pytest.fixture
def counting(store):
    return Counting(store.root)


@pytest.fixture
def manifest(tree, store):
    (tree / "weights/large.bin").write_bytes(random.Random(3).randbytes(20 * MIB))
    return ingest(tree, store).manifest


def entry(manifest, path):
    return next(file for file in manifest.files if file.path == path)


def opened(manifest, path, store):
    (placed,) = excerpt_of(manifest, [path]).files
    return open_artifact_file(placed, manifest.chunks, store)


def chunks_between(manifest, path, start, end):
    """The chunks that hold these bytes of a file."""
    before, wanted = 0, set()
    for file in manifest.files:
        if file.path == path:
            break
        before += file.size
    position = 0
    for chunk in manifest.chunks:
        if position < before + end and position + chunk.length > before + start:
            wanted.add(chunk.digest)
        position += chunk.length
    return wanted


@pytest.mark.parametrize("path", ["weights/large.bin", "data/077.bin", "weights/edge.bin", "README.md"])
def test_a_partial_checkout_reads_only_what_it_needs(tree, counting, manifest, tmp_path, path):
    """Getting one file of a 100 GB model would fetch the model."""
    materialise(excerpt_of(manifest, [path]), counting, tmp_path / "out")
    size = entry(manifest, path).size
    assert counting.reads == Counter(chunks_between(manifest, path, 0, size))
    assert contents(tmp_path / "out") == {path: contents(tree)[path]}


@pytest.mark.parametrize("path", ["weights/large.bin", "data/077.bin", "empty", "été/données.csv"])
def test_a_file_reads_as_it_was_added(tree, store, manifest, path):
    """A program that streams a model would get other bytes than one that pulls it."""
    data = (tree / path).read_bytes()
    generator = random.Random(5)
    with opened(manifest, path, store) as stream:
        assert stream.seekable()
        assert stream.read() == data
        assert stream.read(1) == b""
        model = io.BytesIO(data)
        for _ in range(50):
            place = generator.randrange(-len(data), len(data) + 10)
            whence = os.SEEK_END if place < 0 else os.SEEK_SET
            count = generator.randrange(3000)
            assert stream.seek(place, whence) == model.seek(place, whence)
            assert stream.read(count) == model.read(count)
            assert stream.tell() == model.tell()
        with pytest.raises(ValueError, match="before"):
            stream.seek(-1)


def test_reading_a_part_fetches_its_chunks_only_and_once(counting, manifest):
    """Reading one tensor over the network would take as long as the whole file."""
    path = "weights/large.bin"
    start, end = 9 * MIB, 9 * MIB + 100
    with opened(manifest, path, counting) as stream:
        for _ in range(3):
            stream.seek(start)
            stream.read(100)
            stream.seek(0)
            stream.read(10)
    needed = chunks_between(manifest, path, start, end) | chunks_between(manifest, path, 0, 10)
    assert set(counting.reads) <= needed | chunks_between(manifest, path, start, end + io.DEFAULT_BUFFER_SIZE)
    assert set(counting.reads.values()) == {1}


def test_what_is_damaged_is_not_returned(store, manifest):
    """A flipped bit would reach the model's user."""
    path, large = "weights/large.bin", entry(manifest, "weights/large.bin")
    (first,) = chunks_between(manifest, path, 0, 1)
    (last,) = chunks_between(manifest, path, large.size - 1, large.size)
    damage(object_file(store, first), lambda data: data[:-1] + bytes([data[-1] ^ 1]))
    object_file(store, last).unlink()
    with opened(manifest, path, store) as stream:
        with pytest.raises(CorruptObjectError):
            stream.read(1)
        stream.seek(-1, os.SEEK_END)
        with pytest.raises(MissingObjectError):
            stream.read(1)
        stream.seek(10 * MIB)
        assert len(stream.read(5)) == 5
