"""Shared checkouts: complete or absent, verified on every use, safe among processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitreg.core.digest import Digest
from gitreg.errors import StorageError
from gitreg.storage import cache
from gitreg.storage.cache import checkout_path, intact_checkout
from gitreg.storage.cache_prune import CacheLimits, prune
from gitreg.storage.ingest import ingest
from gitreg.storage.listing import list_files
from gitreg.storage.stat_cache import StatCache
from gitreg.storage.store import MissingObjectError
from gitreg.storage.verified import read_manifest
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


@pytest.fixture
def places(tmp_path, store, root):
    """Three checkouts of 1000 bytes: used just now, long ago, and yesterday."""
    made = []
    for number, idle in enumerate([0, 30 * 86400, 86400]):
        (tmp_path / f"m{number}").write_bytes(bytes([number]) * 1000)
        made.append(checkout_path(ingest(tmp_path / f"m{number}", store).manifest, store, root))
        os.utime(made[-1], (time.time() - idle,) * 2)
    return made


def test_nothing_is_remembered_of_what_is_gone(places, root):
    """A file for each version ever served would stay for ever."""
    assert len(list((root / "looks").iterdir())) == 3
    prune(root, CacheLimits(max_seconds=2 * 86400))
    assert len(list((root / "looks").iterdir())) == 2
    assert StatCache(root / "looks").manifest_of(list_files(places[0], time.time_ns())) is not None


def test_a_checkout_is_on_the_disk_before_it_is_remembered_as_verified(store, manifest, root, monkeypatch):
    """After a power cut, files of the right looks and without their bytes would be loaded."""

    def lose(descriptor):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(cache, "sync_file_system", lose)
    with pytest.raises(StorageError, match="Input/output error"):
        checkout_path(manifest, store, root)
    assert list((root / "checkouts").iterdir()) == []
    assert not (root / "looks").exists()


def there(places):
    return [place.exists() for place in places]


def test_prune_removes_what_was_used_longest_ago(tmp_path, places, root):
    """The cache would grow without end, or lose what is needed again."""
    result = prune(root, CacheLimits(max_bytes=2500))
    assert [each.path for each in result.removed] == [places[1]]
    assert there(places) == [True, False, True]
    assert prune(root, CacheLimits(max_bytes=2500)).removed == ()
    assert prune(tmp_path / "no cache", CacheLimits(max_bytes=0)).kept == ()


def test_prune_by_age(places, root):
    """What nobody uses any more would stay for ever on a large disk."""
    assert prune(root, CacheLimits()).removed == ()
    prune(root, CacheLimits(max_seconds=2 * 86400))
    assert there(places) == [True, False, True]


def test_what_was_used_within_the_hour_stays_unless_told_otherwise(places, root):
    """A server would lose the files it has just been given the path of."""
    prune(root, CacheLimits(max_bytes=0, max_seconds=0))
    assert there(places) == [True, False, False]
    prune(root, CacheLimits(max_bytes=0, spared_seconds=0))
    assert there(places) == [False, False, False]


def test_using_a_checkout_counts(store, places, root):
    """The most used model would be the first to go."""
    digest = Digest.from_hex(places[1].name)
    assert intact_checkout(read_manifest(store, digest), root) == places[1]
    prune(root, CacheLimits(max_bytes=2000))
    assert there(places) == [True, True, False]


def test_paranoia_sees_what_looks_the_same(tree, store, manifest, root):
    """Somebody who can forge timestamps could not be found out even by who suspects it."""
    place = checkout_path(manifest, store, root)
    looks = StatCache(root / "looks")
    flip(place)
    looks.record(list_files(place, time.time_ns() + 10**10), manifest.digest)
    assert intact_checkout(manifest, root) == place
    assert intact_checkout(manifest, root, paranoid=True) is None


# Python's own files may be out of a stranger's reach, so a first use loads all that is needed before becoming one.
UNPRIVILEGED = SCRIPT.replace(
    "\nprint(",
    """
import os
for _ in range(2):
    checkout_path(read_manifest(store, Digest.from_hex(sys.argv[2])), store, Path(sys.argv[3] + "-own"))
os.setgid(65534)
os.setuid(65534)
print(""",
)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_cache_that_may_only_be_read_is_used_if_it_is_right(tmp_path, store, manifest, root):
    """A cache that an administrator has filled could not be used, or a broken one would be."""
    place = checkout_path(manifest, store, root)
    for parent in [tmp_path, *tmp_path.parents]:
        if parent.stat().st_uid == 0 and str(parent).startswith("/tmp/"):
            parent.chmod(0o755)
    command = [sys.executable, "-c", UNPRIVILEGED, str(store.root), manifest.digest.hex, str(root)]

    def answer():
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip() or done.stderr.strip().splitlines()[-1].partition(":")[0].rpartition(".")[2]

    assert answer() == str(place)
    for look in (root / "looks").iterdir():
        look.unlink()
    assert answer() == str(place)
    flip(place)
    assert answer() == "ReadOnlyCacheError"
    assert place.exists()
