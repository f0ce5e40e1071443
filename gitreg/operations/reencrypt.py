"""Writing what an encrypted remote has anew, with the newest key: for bytes that somebody removed could still open."""

from __future__ import annotations

from dataclasses import dataclass

from gitreg.errors import RefusedError
from gitreg.operations.bulk import run, runner
from gitreg.operations.context import Context
from gitreg.operations.stores import remote_at
from gitreg.storage.bulk.copying import Renew, renew_aside
from gitreg.storage.fsck import Fault
from gitreg.storage.remote.store import RemoteStore


@dataclass(frozen=True, slots=True)
class ReencryptResult:
    """`written` of the store's `objects`, so many `bytes`, had an older key; `ok` if none is faulty.

    What a gc has moved aside counts, too.
    """

    ok: bool
    store: str
    objects: int
    written: int
    bytes: int
    faults: tuple[Fault, ...]


def reencrypt(context: Context, name: str, cluster: str | None = None) -> ReencryptResult:
    """Read every object, and write those with an older key anew.  Interrupted anywhere, a second call goes on.

    Raises RefusedError if the remote is not encrypted, StorageError if it cannot be listed, read or written.
    """
    place = remote_at(context, name)
    if place.seal is None:
        raise RefusedError(
            f"the remote '{name}' is not encrypted", hint=f"a new one can be: gitreg remote encrypt {name}"
        )
    with context.step(f"encrypt {name} anew"):
        total = run(context, runner(cluster, place), Renew(place))
        if isinstance(store := place.open(), RemoteStore):
            total.add(renew_aside(store))
    return ReencryptResult(not total.faults, place.url, total.objects, total.written, total.bytes, tuple(total.faults))
