"""Chunks out of files that are here already: the same bytes, verified, and nothing linked."""

from __future__ import annotations

import random

import pytest

from gitreg.core.excerpt import excerpt_of
from gitreg.core.limits import MIB
from gitreg.storage.checkout import Existing, materialise
from gitreg.storage.ingest import ingest
from gitreg.storage.reuse import Holder, ReusingStore, locate
from gitreg.storage.stream_map import chunks_of, placed_chunks
from gitreg.storage.verified import read_chunk
from tests.storage.helpers import contents


@pytest.fixture
def versions(tree, store, tmp_path):
    """An older version that is checked out, and a newer one, which shares most of its bytes."""
    large = tree / "weights" / "large.bin"
    large.write_bytes(random.Random(1).randbytes(12 * MIB))
    old = ingest(tree, store).manifest
    materialise(old, store, tmp_path / "old")
    data = bytearray(large.read_bytes())
    data[6 * MIB] ^= 1
    large.write_bytes(data)
    (tree / "data/077.bin").unlink()
    (tree / "new").write_bytes(b"new")
    return old, ingest(tree, store).manifest


def reusing(store, manifest, *holders):
    return ReusingStore(store, locate({chunk.digest for chunk in manifest.chunks}, holders))


def test_places_of_chunks_hold_their_bytes(versions, store, tmp_path):
    """Every chunk would be sought in the wrong place, and fetched."""
    old, _ = versions
    for chunk, pieces in placed_chunks(old):
        parts = [(tmp_path / "old" / piece.path).read_bytes()[piece.offset :][: piece.length] for piece in pieces]
        assert b"".join(parts) == read_chunk(store, chunk.digest)


def test_chunks_of_some_files_are_those_that_hold_their_bytes(versions):
    """A partial pull would miss chunks, or look for all of them."""
    old, _ = versions
    for wanted in (["weights/large.bin"], ["README.md", "data/000.bin"], ["empty"]):
        expected = {chunk for chunk, pieces in placed_chunks(old) if any(piece.path in wanted for piece in pieces)}
        assert chunks_of(excerpt_of(old, wanted)) == expected


def test_only_what_is_new_is_read_from_the_store(tree, versions, store, tmp_path):
    """An update of one layer would fetch the whole model again."""
    old, new = versions
    source = reusing(store, new, Holder(old, tmp_path / "old"))
    materialise(new, source, tmp_path / "out")
    assert contents(tmp_path / "out") == contents(tree)
    changed = {chunk.digest for chunk in new.chunks} - {chunk.digest for chunk in old.chunks}
    assert source.reused_objects == len(new.chunks) - len(changed)
    source.close()


def test_the_destinations_own_older_files_serve_while_they_are_replaced(tree, versions, store, tmp_path):
    """A pull over an older version would fetch everything, or mix the two."""
    old, new = versions
    source = reusing(store, new, Holder(old, tmp_path / "old"))
    materialise(new, source, tmp_path / "old", existing=Existing.REPLACE)
    source.close()
    (tmp_path / "old/data/077.bin").unlink()
    assert contents(tmp_path / "old") == contents(tree)
    assert source.reused_bytes > 5 * MIB


def test_files_that_are_not_what_they_were_do_no_harm(tree, versions, store, tmp_path):
    """Edited, cut off or linked files would end up in a model, or stop a pull."""
    old, new = versions
    place = tmp_path / "old"
    (place / "weights/edge.bin").write_bytes(b"edited")
    (place / "data/001.bin").unlink()
    (place / "data/002.bin").unlink()
    (place / "data/002.bin").symlink_to("/etc/passwd")
    with (place / "weights/large.bin").open("r+b") as file:
        file.write(b"edited too")
    source = reusing(store, new, Holder(old, place), Holder(old, tmp_path / "gone"))
    materialise(new, source, tmp_path / "out")
    source.close()
    assert contents(tmp_path / "out") == contents(tree)


def test_nothing_is_linked(versions, store, tmp_path):
    """Editing a pulled file would change the checkout that others use."""
    old, _ = versions
    source = reusing(store, old, Holder(old, tmp_path / "old"))
    materialise(old, source, tmp_path / "out")
    source.close()
    assert source.reused_objects
    assert all(path.stat().st_nlink == 1 for path in (tmp_path / "out").rglob("*") if path.is_file())


def test_special_permission_bits_are_dropped(tree, store, tmp_path):
    """A file of a model would run with its owner's rights."""
    manifest = ingest(tree, store).manifest
    out = tmp_path / "out"
    materialise(manifest, store, out)
    for path, mode in (("README.md", 0o6755), ("weights/edge.bin", 0o4644), ("data/000.bin", 0o1644)):
        (out / path).chmod(mode)
    (out / "data/001.bin").write_bytes(b"other")
    (out / "data/001.bin").chmod(0o6777)
    materialise(manifest, store, out, existing=Existing.REPLACE)
    assert contents(out) == contents(tree)
    assert not any(path.stat().st_mode & 0o7000 for path in out.rglob("*") if path.is_file())
