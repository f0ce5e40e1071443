"""The stat cache: skips what is surely unchanged, and never says so when in doubt."""

from __future__ import annotations

import os
import time

import pytest

from gitreg.core.digest import Digest
from gitreg.storage.listing import list_files
from gitreg.storage.stat_cache import StatCache

MANIFEST = Digest.of(b"manifest")


@pytest.fixture
def cache(tmp_path):
    return StatCache(tmp_path / "looks")


@pytest.fixture
def settled(tree):
    """A listing taken well after the files were written."""
    time.sleep(0.06)
    return list_files(tree, time.time_ns())


def test_unchanged_source_is_known(tree, settled, cache):
    """Every status would read every byte."""
    cache.record(settled, MANIFEST)
    assert cache.manifest_of(list_files(tree, time.time_ns())) == MANIFEST


def _rewrite(tree):
    (tree / "README.md").write_bytes(b"# HELLO\n")


def _rewrite_with_old_time(tree):
    status = (tree / "README.md").stat()
    _rewrite(tree)
    os.utime(tree / "README.md", ns=(status.st_atime_ns, status.st_mtime_ns))


def _replace(tree):
    (tree / "new").write_bytes((tree / "README.md").read_bytes())
    (tree / "new").replace(tree / "README.md")


CHANGES = [
    _rewrite,
    _rewrite_with_old_time,
    _replace,
    lambda tree: (tree / "new").touch(),
    lambda tree: (tree / "empty").unlink(),
    lambda tree: (tree / "empty").rename(tree / "void"),
    lambda tree: (tree / "empty").rename(tree / "data" / "empty"),
    lambda tree: os.close(os.open(os.fsencode(tree) + b"/\xff", os.O_CREAT)),
    lambda tree: (tree / "README.md").chmod(0o644),
]


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_is_noticed(tree, settled, cache, change):
    """A changed model would be registered under its old digest."""
    cache.record(settled, MANIFEST)
    change(tree)
    assert cache.manifest_of(list_files(tree, time.time_ns())) is None


def test_fresh_files_are_not_trusted(tree, cache):
    """A write within the clock tick of the listing would go unnoticed."""
    (tree / "README.md").write_bytes(b"# hell0\n")
    cache.record(list_files(tree, time.time_ns()), MANIFEST)
    assert cache.manifest_of(list_files(tree, time.time_ns())) is None


def test_files_are_told_apart_by_more_than_what_they_have_in_common(tmp_path, cache):
    """Of two files that change places, each would be taken for the other."""
    root = tmp_path / "two"
    root.mkdir()
    for name in ("a", "b"):
        (root / name).write_bytes(name.encode())
    time.sleep(0.06)
    listing = list_files(root, time.time_ns())
    cache.record(listing, MANIFEST)
    assert cache.manifest_of(listing) == MANIFEST
    swapped = listing._replace(paths=listing.paths[::-1])
    assert cache.manifest_of(swapped) is None


@pytest.mark.parametrize("damage", [b"", b"gitreg-stat 3\n", b"\xff\xfe", b"gitreg-stat 1\nlooks x\n"])
def test_damaged_entries_are_no_entries(tree, settled, cache, tmp_path, damage):
    """A torn cache file would break `add`."""
    cache.record(settled, MANIFEST)
    (entry,) = (tmp_path / "looks").iterdir()
    entry.write_bytes(damage)
    assert cache.manifest_of(settled) is None
