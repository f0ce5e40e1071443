"""Shared checkouts: complete or absent, verified on every use, safe among processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitreg.storage.cache import checkout_path, prune
from gitreg.storage.ingest import ingest
from gitreg.storage.store import MissingObjectError
from tests.storage.helpers import contents


@pytest.fixture
def manifest(tree, store):
    return ingest(tree, store).manifest


@pytest.fixture
def root(tmp_path):
    return tmp_path / "cache"


def read_only(files):
    return {path: data for path, (data, _) in files.items()}


def test_a_checkout_is_made_once_and_is_read_only(tree, store, manifest, root):
    """Every load would copy the model, or a program could change what others use."""
    place = checkout_path(manifest, store, root)
    assert read_only(contents(place)) == read_only(contents(tree))
    assert all(path.stat().st_mode & 0o222 == 0 for path in place.rglob("*"))
    before = {path: path.stat().st_ino for path in place.rglob("*")}
    assert checkout_path(manifest, store, root) == place
    assert {path: path.stat().st_ino for path in place.rglob("*")} == before
    assert sorted(entry.name for entry in place.parent.iterdir()) == [place.name]


def test_it_does_not_need_the_store_again(store, manifest, root):
    """Loading offline would fail, or be as slow as fetching."""
    place = checkout_path(manifest, store, root)
    store.remove([chunk.digest for chunk in manifest.chunks])
    assert checkout_path(manifest, store, root) == place
    for look in (root / "looks").iterdir():
        look.unlink()
    assert checkout_path(manifest, store, root) == place


def flip(place):
    path = place / "weights" / "large.bin"
    status = path.stat()
    path.chmod(0o644)
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    path.chmod(0o444)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


TAMPERINGS = [
    flip,
    lambda place: (place / "README.md").unlink(),
    lambda place: (place / "extra").write_bytes(b""),
    lambda place: (place / "link").symlink_to("/etc/passwd"),
    lambda place: os.truncate(place / "weights" / "edge.bin", 0),
]


@pytest.mark.parametrize("tamper", TAMPERINGS)
def test_a_changed_checkout_is_rebuilt(tree, store, manifest, root, tamper):
    """A tampered or damaged model would be loaded."""
    place = checkout_path(manifest, store, root)
    for path in [place, *place.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
    tamper(place)
    assert checkout_path(manifest, store, root) == place
    assert read_only(contents(place)) == read_only(contents(tree))
    assert not any(path.is_symlink() for path in place.rglob("*"))


def test_a_failed_build_leaves_nothing(store, manifest, root):
    """Half a model would be loaded."""
    store.remove([manifest.chunks[-1].digest])
    with pytest.raises(MissingObjectError):
        checkout_path(manifest, store, root)
    assert list((root / "checkouts").iterdir()) == []


SCRIPT = """
import sys
from pathlib import Path
from gitreg.core.digest import Digest
from gitreg.storage.cache import checkout_path
from gitreg.storage.local import LocalStore
from gitreg.storage.verified import read_manifest
store = LocalStore.open(Path(sys.argv[1]))
print(checkout_path(read_manifest(store, Digest.from_hex(sys.argv[2])), store, Path(sys.argv[3])))
"""


def test_many_processes_at_once(tree, store, manifest, root):
    """Training jobs starting together would break each other's checkout."""
    command = [sys.executable, "-c", SCRIPT, str(store.root), manifest.digest.hex, str(root)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(5)]
    places = {process.communicate()[0].strip() for process in processes}
    assert [process.returncode for process in processes] == [0] * 5
    (place,) = places
    assert read_only(contents(Path(place))) == read_only(contents(tree))
    assert list((root / "checkouts").iterdir()) == [Path(place)]


def test_prune_removes_what_was_used_longest_ago(tmp_path, store, root):
    """The cache would grow without end, or lose what is in use."""
    places = []
    for number in range(3):
        (tmp_path / f"m{number}").write_bytes(bytes([number]) * 1000)
        manifest = ingest(tmp_path / f"m{number}", store).manifest
        places.append(checkout_path(manifest, store, root))
        os.utime(places[-1], (number + 1, number + 1))
    os.utime(places[0], (time.time(), time.time()))
    result = prune(root, 2500)
    assert (result.removed, result.freed, result.kept) == (1, 1000, 2)
    assert [place.exists() for place in places] == [True, False, True]
    assert prune(root, 0).kept == 0
    assert prune(tmp_path / "no cache", 0).removed == 0
