"""Making garbage, making it old, and collecting it: what the tests of gc share."""

from __future__ import annotations

import os
import time

from gitreg.api import Registry
from gitreg.core.digest import Digest
from gitreg.operations.add import AddRequest
from gitreg.operations.garbage.gc import GcRequest, GcResult
from gitreg.storage.local import LocalStore
from gitreg.storage.transfer import ensure_complete
from gitreg.storage.verified import read_manifest
from tests.storage.helpers import object_file

DAY = 86_400
FORCE = GcRequest(force=True)


def local(registry: Registry) -> LocalStore:
    return LocalStore.open(registry.context.repo.local_state)


def age(store: LocalStore, days: float, *digests: Digest) -> None:
    """Make objects look unused for so long."""
    then = time.time() - days * DAY
    for digest in digests or list(store.names()):
        os.utime(object_file(store, digest), (then, then))


def add(world, registry: Registry, data: bytes, name: str = "other", **more: object) -> Digest:
    return registry.add(AddRequest(world.write(name, {"w": data}, registry.root.name), **more)).manifest


def complete(registry: Registry, manifest: Digest) -> bool:
    store = local(registry)
    return bool(store.present([manifest])) and not ensure_complete(read_manifest(store, manifest), store)


def sweep(registry: Registry, request: GcRequest = FORCE) -> GcResult:
    """Everything is old, then gc."""
    age(local(registry), 30)
    return registry.gc(request)
