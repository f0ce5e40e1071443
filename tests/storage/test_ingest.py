"""Adding files: the right manifest, each byte stored once, and nothing recorded when something is wrong."""

from __future__ import annotations

import hashlib
import os
import random
import threading

import pytest

from gitreg.core.digest import Digest
from gitreg.core.limits import MIB
from gitreg.core.manifest import format_manifest, parse_manifest
from gitreg.errors import SourceError, StorageError
from gitreg.storage.fsck import check_objects
from gitreg.storage.ingest import ingest
from gitreg.storage.local import LocalStore
from gitreg.storage.open_store import create_store
from gitreg.storage.source import list_source
from gitreg.storage.span_reader import SpanReader
from gitreg.storage.transfer import ensure_complete
from gitreg.storage.verified import read_chunk, read_manifest
from tests.storage.crash import killed_at
from tests.storage.helpers import contents, damage, object_file

GOLDEN = "4635a2a4743e6e9a4d59db8f731421a36b3a05ce73af8cd6716503483fc8ac41"


def test_the_stream_is_the_files_in_order(tree, store):
    """Checkouts would give other bytes than were added."""
    manifest = ingest(tree, store).manifest
    stream = b"".join(read_chunk(store, chunk.digest) for chunk in manifest.chunks)
    files = contents(tree)
    assert {entry.path: entry.executable for entry in manifest.files} == {path: bit for path, (_, bit) in files.items()}
    for entry in manifest.files:
        data, stream = stream[: entry.size], stream[entry.size :]
        assert data == files[entry.path][0]
        assert entry.sha256 == hashlib.sha256(data).hexdigest()
    assert read_manifest(store, manifest.digest) == manifest
    assert parse_manifest(format_manifest(manifest)) == manifest


def test_hashing_alone_gives_the_same_manifest(tree, store):
    """`status` would report unchanged files as changed."""
    result = ingest(tree, None)
    assert result.manifest == ingest(tree, store).manifest
    assert (result.new_chunks, result.new_bytes) == (0, 0)


def test_golden_identity(tmp_path):
    """The same files would get another identity in a new version: every pointer ever written would look changed."""
    root = tmp_path / "any name"
    (root / "sub").mkdir(parents=True)
    generator = random.Random(3)
    (root / "big").write_bytes(generator.randbytes(6 * MIB + 1))
    (root / "sub" / "small").write_bytes(generator.randbytes(300_000))
    (root / "sub" / "run").write_bytes(b"#!/bin/sh\n")
    (root / "sub" / "run").chmod(0o755)
    assert ingest(root, None).manifest.digest == Digest.from_hex(GOLDEN)


def test_adding_again_writes_nothing(tree, store):
    """A second add would double the store's writes."""
    first = ingest(tree, store)
    second = ingest(tree, LocalStore.open(store.root))
    assert first.new_chunks == len({chunk.digest for chunk in first.manifest.chunks})
    assert (second.new_chunks, second.new_bytes) == (0, 0)
    assert second.manifest == first.manifest


@pytest.mark.parametrize("left", [0, 1, 1000])
def test_a_damaged_store_is_put_right_by_adding_again(tree, store, left):
    """Objects that a bad disk cut off would be trusted because they have a name; adding again would not help."""
    manifest = ingest(tree, store).manifest
    for digest in (manifest.chunks[0].digest, manifest.chunks[-1].digest, manifest.digest):
        damage(object_file(store, digest), lambda data: data[:left])
    again = ingest(tree, LocalStore.open(store.root))
    assert again.new_chunks == 2
    assert list(check_objects(store)) == []
    assert read_manifest(store, again.manifest.digest) == manifest


def test_straight_into_a_store_elsewhere(tree, store):
    """`add --push` would leave the remote with other objects than a push of the local ones does."""
    elsewhere = create_store("memory://straight")
    result = ingest(tree, elsewhere)
    assert set(elsewhere.names()) == {chunk.digest for chunk in result.manifest.chunks} | {result.manifest.digest}
    assert ensure_complete(read_manifest(elsewhere, result.manifest.digest), elsewhere) == []
    assert ingest(tree, elsewhere).new_chunks == 0


def test_a_new_small_file_adds_little(tree, store):
    """Every new version of a dataset would be stored whole."""
    ingest(tree, store)
    (tree / "data" / "077a.bin").write_bytes(b"new")
    assert ingest(tree, store).new_bytes < 2 * MIB


def test_many_small_files_share_chunks(tmp_path, store):
    """A dataset of small files in small directories would become as many objects."""
    for number in range(3000):
        path = tmp_path / "many" / f"d{number:04}" / "x"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"%d" % number * 100)
    assert len(ingest(tmp_path / "many", store).manifest.chunks) < 120


def test_only_empty_files(tmp_path, store):
    """Markers such as `__init__.py` alone would crash `add`."""
    (tmp_path / "empty").touch()
    manifest = ingest(tmp_path / "empty", store).manifest
    assert (manifest.size, manifest.chunks) == (0, ())
    assert read_manifest(store, manifest.digest) == manifest


def test_progress_ends_at_the_total(tree, store):
    """Progress bars would stop short or run backwards."""
    seen = []
    ingest(tree, store, lambda done, total: seen.append((done, total)))
    total = sum(len(data) for data, _ in contents(tree).values())
    assert seen[-1] == (total, total)
    assert seen == sorted(seen)


@pytest.mark.parametrize("change", ["append", "shrink", "rewrite", "replace", "pipe", "link"])
def test_a_file_that_changes_between_listing_and_reading(tree, change):
    """A mix of two states of a file would be registered as a version."""
    source = list_source(tree / "weights" / "edge.bin", 0)
    path = tree / "weights" / "edge.bin"
    match change:
        case "append":
            path.write_bytes(path.read_bytes() + b"x")
        case "shrink":
            os.truncate(path, 10)
        case "rewrite":
            path.write_bytes(bytes(1 << 20))
        case "replace":
            (tree / "new").write_bytes(path.read_bytes())
            (tree / "new").replace(path)
        case "pipe":
            path.unlink()
            os.mkfifo(path)
        case _:
            path.rename(tree / "moved")
            path.symlink_to(tree / "moved")
    with pytest.raises(SourceError):
        SpanReader(source.files).fill(memoryview(bytearray(2 << 20)))


def test_a_file_written_while_it_is_read(tmp_path, store):
    """As above, with a real writer beside a real add."""
    path = tmp_path / "growing"
    path.write_bytes(bytes(64 * MIB))
    stop = threading.Event()

    def write():
        with path.open("r+b") as file:
            while not stop.is_set():
                file.seek(random.randrange(64 * MIB))
                file.write(b"x")
                file.flush()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with pytest.raises(SourceError, match="changed while it was read") as caught:
            ingest(path, store)
    finally:
        stop.set()
        writer.join()
    assert caught.value.hint
    assert not any(_is_manifest(store, digest) for digest in store.names())


def _is_manifest(store, digest):
    return Digest.of(store.read(digest)) != digest


def test_a_store_that_fails_stops_the_add(tree, store):
    """A full disk would be noticed only after hours of hashing, or not at all."""

    class Full(LocalStore):
        def write(self, digest, data):
            raise StorageError("cannot write: full")

    with pytest.raises(StorageError, match="full"):
        ingest(tree, Full(store.root))
    assert list(store.names()) == []


SCRIPT = """
from pathlib import Path
from gitreg.storage.ingest import ingest
from gitreg.storage.local import LocalStore
ingest(Path(sys.argv[1]), LocalStore.open(Path(sys.argv[2])))
"""


@pytest.mark.parametrize("rounds", [10, pytest.param(40, marks=pytest.mark.slow)])
def test_killed_anywhere_and_run_again(tmp_path, store, rounds):
    """A crash would leave torn objects, a manifest without its chunks, or a store that cannot go on (W1-W3)."""
    generator = random.Random(rounds)
    source = tmp_path / "source"
    source.mkdir()
    (source / "large").write_bytes(generator.randbytes(20 * MIB))
    for number in range(100):
        (source / f"small{number}").write_bytes(generator.randbytes(20_000))
    kills = 0
    for number in range(rounds):
        (source / "next").write_bytes(generator.randbytes(3 * MIB))
        kills += killed_at(generator.randrange(1, 60 if number else 20), SCRIPT, source, store.root)
        assert list(check_objects(store)) == []
        for digest in store.names():
            if _is_manifest(store, digest):
                assert ensure_complete(read_manifest(store, digest), store) == []
    assert kills > rounds // 4
    (source / "next").write_bytes(b"last")  # whoever writes next also clears up after the dead
    result = ingest(source, store)
    assert ensure_complete(result.manifest, store) == []
    assert sorted(entry.name for entry in store.root.iterdir()) == ["format", "objects"]
