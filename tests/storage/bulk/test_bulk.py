"""Work on all objects of a store, on threads and on a cluster of two workers: the same work, the same account."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitreg.errors import StorageError, UsageError
from gitreg.storage.bulk.check import Check
from gitreg.storage.bulk.cluster import Cluster
from gitreg.storage.bulk.copying import Mirror
from gitreg.storage.bulk.place import Place
from gitreg.storage.bulk.threads import Threads
from gitreg.storage.fsck import FaultKind
from gitreg.storage.ingest import ingest
from gitreg.storage.local import LocalStore
from gitreg.storage.transfer import ensure_complete
from gitreg.storage.verified import read_manifest
from tests.storage.helpers import damage, object_file


@pytest.fixture(scope="module")
def cluster():
    """The address of a scheduler with two workers, each a process of its own."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, processes=True, dashboard_address=":0", host="127.0.0.1"
    ) as local:
        yield local.scheduler_address


@pytest.fixture(params=["threads", "cluster"])
def who(request):
    return Threads() if request.param == "threads" else Cluster(request.getfixturevalue("cluster"))


@pytest.fixture
def place(store, tree):
    ingest(tree, store)
    return Place(str(store.root))


@pytest.fixture
def other(tmp_path):
    return LocalStore.create(tmp_path / "other")


def names(store):
    return set(store.names())


def run(who, work):
    done = list(who.run(work))
    assert len({each.part for each in done}) == 256
    return done


def mirror(who, place, other):
    work = Mirror(place, Place(str(other.root)))
    done = run(who, work)
    return [*done, work.finish([manifest for each in done for manifest in each.manifests])]


def test_a_check_reads_every_object_and_finds_the_faulty_one(who, place, store):
    """Damage in a store of many objects would go unseen."""
    victim = max(names(store))
    damage(object_file(store, victim), lambda data: data[:-1] + b"?")
    done = run(who, Check(place))
    assert sum(each.objects for each in done) == len(names(store))
    assert [(fault.digest, fault.kind) for each in done for fault in each.faults] == [(victim, FaultKind.CORRUPT)]


def test_a_mirror_is_complete(who, place, store, other):
    """The second store would not serve when the first one is lost."""
    done = mirror(who, place, other)
    assert names(other) == names(store)
    assert sum(each.written for each in done) == len(names(store))
    for digest in names(store):
        assert other.read(digest) == store.read(digest)


def test_mirroring_again_copies_only_what_is_missing_or_cut(who, place, store, other):
    """Each run would cost the whole store; or a cut-off object would stay."""
    mirror(who, place, other)
    gone, cut = sorted(names(store))[:2]
    object_file(other, gone).unlink()
    damage(object_file(other, cut), lambda data: data[:-1])
    assert sum(each.written for each in mirror(who, place, other)) == 2
    assert other.read(cut) == store.read(cut)


def test_faulty_objects_and_what_needs_them_stay_behind(place, store, other, tree):
    """A mirror would claim to have an artifact that it has not (W1, W5)."""
    result = ingest(tree, store)
    victim = result.manifest.chunks[0].digest
    damage(object_file(store, victim), lambda data: data[:-1] + b"?")
    faults = {fault.digest: fault.kind for each in mirror(Threads(), place, other) for fault in each.faults}
    assert faults == {victim: FaultKind.CORRUPT, result.manifest.digest: FaultKind.MISSING}
    assert names(other) == names(store) - faults.keys()


def test_a_manifest_never_comes_before_its_chunks(place, store, other):
    """Whoever reads the mirror meanwhile would find an artifact with holes (W1)."""
    work = Mirror(place, Place(str(other.root)))
    done = run(Threads(), work)
    put_off = [manifest for each in done for manifest in each.manifests]
    assert put_off
    assert names(other) == names(store) - set(put_off)
    work.finish(put_off)
    for manifest in put_off:
        assert ensure_complete(read_manifest(other, manifest), other) == []


def test_a_store_that_is_gone_is_an_error_from_anywhere(who, tmp_path):
    """A check of nothing would pass."""
    with pytest.raises(StorageError, match="no gitreg store at"):
        run(who, Check(Place(str(tmp_path / "nowhere"))))


def test_a_cluster_that_is_not_there_is_named():
    """A user would wait, or read a traceback."""
    with pytest.raises(StorageError, match=r"tcp://127.0.0.1:1 failed"):
        list(Cluster("tcp://127.0.0.1:1", patience=0.5).run(Check(Place("/nowhere"))))


def test_a_worker_that_dies_takes_no_part_with_it(place, store, tmp_path):
    """One machine that fails in a run of hours would fail the run."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", host="127.0.0.1"
    ) as local:
        done = run(Cluster(local.scheduler_address), _DieOnce(Check(place), tmp_path / "died"))
    assert sum(each.objects for each in done) == len(names(store))
    assert (tmp_path / "died").exists()


class _DieOnce:
    """Work that takes its process with it, once."""

    def __init__(self, work, mark: Path) -> None:
        self.work, self.mark = work, mark

    def __call__(self, part: str):
        try:
            self.mark.touch(exist_ok=False)
        except FileExistsError:
            return self.work(part)
        os._exit(1)


@pytest.mark.parametrize(
    ("address", "private"),
    [("tls://host:8786", True), ("tcp://127.0.0.1:8786", True), ("tcp://host:8786", False), ("host:8786", False)],
)
def test_secrets_travel_only_where_nobody_listens(address, private):
    """A bucket's credentials would cross the network in the clear."""
    assert Cluster(address).private is private


def test_options_are_never_shown():
    """Credentials would stand in a log."""
    assert "hush" not in repr(Place("s3://bucket", (("secret", "hush"),)))


def test_an_address_that_is_none_is_a_usage_error():
    """A slip of the finger would end in a traceback."""
    with pytest.raises(UsageError, match="not the address of a cluster"):
        Cluster("tcp://[x")
