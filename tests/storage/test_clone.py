"""Files as clones of ones on the same disk: the same bytes, verified, without space of their own, and never a link."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest

from gitreg.core.limits import MIB
from gitreg.storage.cache import checkout_path
from gitreg.storage.checkout import Existing, materialise
from gitreg.storage.ingest import ingest
from gitreg.storage.local import LocalStore
from gitreg.storage.reuse import Holder
from tests.storage.cow_disk import cow_disk, used
from tests.storage.helpers import contents

LARGE = 24 * MIB


@pytest.fixture(scope="module", params=["xfs", "btrfs"])
def volume(request, tmp_path_factory):
    with cow_disk(tmp_path_factory.mktemp("image"), request.param) as place:
        yield place


@pytest.fixture
def disk(volume):
    """An empty folder on the disk."""
    with tempfile.TemporaryDirectory(dir=volume) as name:
        yield Path(name)


@pytest.fixture
def held(tree, store, disk):
    """An artifact that is checked out on the disk, and its files' holder."""
    (tree / "weights/large.bin").write_bytes(random.Random(1).randbytes(LARGE))
    manifest = ingest(tree, store).manifest
    materialise(manifest, store, disk / "held")
    return Holder(manifest, disk / "held")


def test_a_clone_takes_no_space(tree, store, disk, held):
    """A second checkout of a model would take the disk twice, although the file system could spare it."""
    before = used(disk)
    result = materialise(held.manifest, store, disk / "out", holders=[held])
    assert contents(disk / "out") == contents(tree)
    assert result.cloned == LARGE + MIB
    assert used(disk) - before < 4 * MIB


def test_a_clone_is_a_file_of_its_own(tree, store, disk, held):
    """Editing what was pulled would change the checkout that others rely on."""
    (disk / "held/weights/large.bin").chmod(0o4555)
    materialise(held.manifest, store, disk / "out", holders=[held])
    ours = disk / "out/weights/large.bin"
    assert (ours.stat().st_nlink, ours.stat().st_mode & 0o7111) == (1, 0)
    with ours.open("r+b") as file:
        file.write(b"edited")
    assert contents(disk / "held")["weights/large.bin"][0] == contents(tree)["weights/large.bin"][0]


def edit(file):
    with file.open("r+b") as opened:
        opened.seek(LARGE - 1)
        last = opened.read(1)
        opened.seek(LARGE - 1)
        opened.write(bytes([last[0] ^ 1]))


def shorten(file):
    with file.open("r+b") as opened:
        opened.truncate(LARGE - 1)


def lengthen(file):
    with file.open("ab") as opened:
        opened.write(b"more")


def put_a_link(file):
    file.rename(file.with_name("aside"))
    file.symlink_to("aside")


@pytest.mark.parametrize("spoil", [edit, shorten, lengthen, put_a_link, Path.unlink])
def test_what_is_not_what_it_should_be_is_not_cloned(tree, store, disk, held, spoil):
    """A checkout that somebody wrote to would be passed on as verified."""
    spoil(disk / "held/weights/large.bin")
    result = materialise(held.manifest, store, disk / "out", holders=[held])
    assert contents(disk / "out") == contents(tree)
    assert result.cloned == MIB


def test_the_next_holder_is_asked(tree, store, disk, held):
    """One damaged checkout would keep all others from being of use."""
    edit(disk / "held/weights/large.bin")
    materialise(held.manifest, store, disk / "other")
    result = materialise(held.manifest, store, disk / "out", holders=[held, Holder(held.manifest, disk / "other")])
    assert result.cloned == LARGE + MIB


def test_a_moved_file_is_cloned_from_its_old_place(tree, store, disk, held):
    """Renaming a file in a new version would copy it."""
    (tree / "weights/large.bin").rename(tree / "weights/renamed.bin")
    newer = ingest(tree, store).manifest
    result = materialise(newer, store, disk / "held", existing=Existing.REPLACE, holders=[held])
    assert result.cloned == LARGE
    assert contents(disk / "held")["weights/renamed.bin"] == contents(tree)["weights/renamed.bin"]


def test_a_shared_checkout_is_cloned_from_another(tree, store, disk, held):
    """Each version in the cache would take space for what all of them share."""
    (tree / "README.md").write_bytes(b"# other\n")
    before = used(disk)
    place = checkout_path(ingest(tree, store).manifest, store, disk / "cache", [held])
    assert contents(place) == contents(tree)
    assert used(disk) - before < 4 * MIB


def unexpected():
    raise AssertionError("the holders were looked at")
    yield


def test_holders_are_not_looked_at_where_nothing_can_be_cloned(tree):
    """Every pull on ext4 would read the manifests of older checkouts for nothing."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        store = LocalStore.create(Path(name) / "store")
        manifest = ingest(tree, store).manifest
        assert materialise(manifest, store, Path(name) / "out", holders=unexpected()).cloned == 0
        assert contents(Path(name) / "out") == contents(tree)
