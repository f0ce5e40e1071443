"""What can be wrong in a bucket or on the way to it, and what push and pull make of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitreg.api import Registry
from gitreg.errors import GitregError, StorageError
from gitreg.operations.pointers import read_pointer
from gitreg.operations.pull import PullRequest
from gitreg.storage.store import MissingObjectError
from gitreg.storage.verified import CorruptObjectError
from tests.remotes.faults import Answer, Corrupt, Cut, Fault, Lose, Shorten, answer
from tests.remotes.transfer.sharing import Sharing, weights

EMPTY_LISTING = b'<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>'


@pytest.fixture
def files(shared: Sharing) -> dict[str, bytes]:
    """Of the model `big`, which is pushed."""
    files = weights()
    shared.add(files)
    shared.registry.push()
    shared.forget_checkouts()
    shared.proxy.reset_counts()
    return files


def chunk(shared: Sharing) -> str:
    """The key of the largest object."""
    objects = shared.objects()
    return max(objects, key=lambda key: objects[key])


def manifest(shared: Sharing) -> str:
    """The name of the model's manifest."""
    return read_pointer(shared.world.root / "work" / "models" / "big.gitreg").manifest.hex


def pull(clone: Registry) -> dict[str, bytes]:
    place = clone.pull("models/big.gitreg", PullRequest()).path
    return {name: (place / name).read_bytes() for name in ("weights.bin", "README.md")}


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "altered": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    "empty": lambda _data: b"",
    "cut off": lambda data: data[:-10],
    "longer": lambda data: data + b"more",
    "of another kind": lambda _data: b"\x28\xb5\x2f\xfd" + b"zstd or not",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_object_is_read_twice_and_then_named(shared: Sharing, files, damage: str):
    """Wrong bytes would be loaded, or nobody know which model and object to look after."""
    key = chunk(shared)
    shared.put(key, DAMAGE[damage](shared.get(key)))
    with pytest.raises(CorruptObjectError) as caught:
        pull(shared.clone())
    assert key.rpartition("/")[2] in caught.value.message
    assert caught.value.message.endswith("; big needs it")
    assert len([path for _, path in shared.proxy.paths if key in path]) == 2
    assert not (shared.world.root / "clone" / "models" / "big" / "weights.bin").exists()


def test_objects_that_were_swapped(shared: Sharing, files):
    """Two objects in each other's places would give a model that nobody trained."""
    one, two = sorted(shared.objects(), key=lambda key: shared.objects()[key])[-2:]
    first, second = shared.get(one), shared.get(two)
    shared.put(one, second)
    shared.put(two, first)
    with pytest.raises(CorruptObjectError):
        pull(shared.clone())


def test_a_deleted_object_is_named(shared: Sharing, files):
    """Whoever emptied a bucket by mistake would not be told what is lost."""
    key = chunk(shared)
    shared.delete(key)
    with pytest.raises(MissingObjectError) as caught:
        pull(shared.clone())
    assert key.rpartition("/")[2] in caught.value.message
    assert caught.value.message.endswith("; big needs it")


@pytest.mark.parametrize("fault", [Corrupt(1000), Shorten(100), Cut(1000), Lose(), answer(503, "SlowDown")])
def test_a_fault_of_the_network_is_got_over(shared: Sharing, files, fault: Fault):
    """A bit that toppled on its way would be called a damaged model."""
    shared.proxy.add(fault, method="GET", path="objects/", times=1)
    assert pull(shared.clone()) == files


@pytest.mark.parametrize("hurt", ["removed", "empty"])
@pytest.mark.parametrize("what", ["chunk", "manifest"])
def test_a_push_puts_right_what_is_wrong_there(shared: Sharing, files, hurt: str, what: str):
    """A manifest without its chunks would stop everybody from pulling, and nobody could repair it by pushing."""
    key = chunk(shared) if what == "chunk" else next(key for key in shared.objects() if manifest(shared) in key)
    if hurt == "removed":
        shared.delete(key)
    else:
        shared.put(key, b"")
    shared.proxy.reset_counts()
    shared.registry.push()
    assert shared.proxy.requests["PUT"] == 1
    assert pull(shared.clone()) == files


def test_what_is_lost_there_and_here_is_named(shared: Sharing, files):
    """The push would look as if all were well."""
    key = chunk(shared)
    shared.delete(key)
    name = key.rpartition("/")[2]
    (shared.world.root / "work" / ".git" / "gitreg" / "objects" / name[:2] / name).unlink()
    with pytest.raises(MissingObjectError, match=f"{name}.*; big needs it"):
        shared.registry.push()


def test_a_listing_that_lags(shared: Sharing, files):
    """A service that lists what it has later than it has it would make every second push fail."""
    shared.proxy.add(Answer(200, EMPTY_LISTING), method="GET", path="list-type=2")
    shared.add(files | {"more.bin": b"more"})
    shared.registry.push()
    shared.proxy.clear()
    assert pull(shared.clone()) == files


def test_a_fifth_of_all_requests_fail(shared: Sharing):
    """A service having a bad hour would stop everybody's work."""
    files = weights()
    shared.add(files)
    for fault in (answer(503, "SlowDown"), Lose(), Cut(500), answer(500, "InternalError")):
        shared.proxy.add(fault, probability=0.05)
    shared.registry.push()
    assert pull(shared.clone()) == files


def test_a_service_that_fails_for_good_leaves_no_manifest(shared: Sharing):
    """Others would see a model that is not there (W1), or the push look done (W5)."""
    shared.add(weights())
    before = set(shared.objects())
    shared.proxy.add(answer(403, "AccessDenied"), method="PUT", skip=5)
    with pytest.raises(GitregError):
        shared.registry.push()
    added = set(shared.objects()) - before
    assert added
    assert not any(manifest(shared) in key for key in added)
    shared.proxy.clear()
    shared.proxy.reset_counts()
    shared.registry.push()
    assert not any(key in path for key in added for method, path in shared.proxy.paths if method == "PUT")


def test_a_disk_that_is_full_while_pulling(shared: Sharing, files, monkeypatch):
    """A half-written model would stand in the way of the next pull."""
    clone = shared.clone()

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("gitreg.storage.file_writer.FileWriter.write", full)
        with pytest.raises(StorageError, match="No space left"):
            pull(clone)
    folder = shared.world.root / "clone" / "models" / "big"
    assert {path.name for path in folder.iterdir()} <= {"README.md"}
    assert pull(clone) == files
