"""Reading a store's objects for fsck: a sample or the clone's own here, all of a shared store by parts, anywhere."""

from __future__ import annotations

from gitreg.core.digest import Digest
from gitreg.errors import UsageError
from gitreg.operations.bulk import Total, run, runner
from gitreg.operations.context import Context
from gitreg.operations.stores import remote_at
from gitreg.storage.bulk.check import Check
from gitreg.storage.fsck import check_objects, sampled
from gitreg.storage.store import ObjectStore


def read_here(store: ObjectStore, sample: int | None) -> Total:
    """Read all objects of a store, or so many, one after another."""
    read = Total()

    def counted(digest: Digest) -> Digest:
        read.objects += 1
        return digest

    chosen = store.names() if sample is None else sampled(store.names(), sample)
    read.faults = list(check_objects(store, map(counted, chosen)))
    return read


def read_remote(context: Context, name: str, cluster: str | None) -> Total:
    """Read all objects of a configured remote by parts, here or on the cluster at an address."""
    place = remote_at(context, name)
    return run(context, runner(cluster, place), Check(place))


def check_cluster(cluster: str | None, remote: str | None, sample: int | None) -> None:
    """Raise UsageError where a cluster could do nothing."""
    if cluster is not None and (remote is None or sample is not None):
        raise UsageError(
            "a cluster reads the whole of a shared store", hint="gitreg fsck --remote NAME --cluster ADDRESS"
        )
