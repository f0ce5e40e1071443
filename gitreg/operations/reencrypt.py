"""Writing what an encrypted remote has anew, with the newest key: for bytes that somebody removed could still open."""

from __future__ import annotations

from dataclasses import dataclass

from gitreg.core.digest import Digest
from gitreg.errors import RefusedError
from gitreg.operations.bulk import run, runner
from gitreg.operations.context import Context
from gitreg.operations.stores import remote_at, remote_store
from gitreg.storage.bulk.copying import Renew
from gitreg.storage.bulk.work import PartDone
from gitreg.storage.crew import in_order
from gitreg.storage.fsck import Fault, FaultKind
from gitreg.storage.remote.aside import entries_aside
from gitreg.storage.remote.driver import AbsentError, Entry, OversizeError
from gitreg.storage.remote.store import RemoteStore
from gitreg.storage.store import ObjectStore
from gitreg.storage.verified import CorruptObjectError, is_object


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
        total.add(_renew_aside(remote_store(context, name)))
    return ReencryptResult(not total.faults, place.url, total.objects, total.written, total.bytes, tuple(total.faults))


def _renew_aside(store: ObjectStore) -> PartDone:
    """Write copies of a gc anew where they lie.  That makes them younger, and so the next gc leaves them for longer."""
    if not isinstance(store, RemoteStore):
        return PartDone("", 0)
    copies = entries_aside(store.driver, store.codec)
    outcomes = list(in_order(copies, lambda copy: _renew_copy(store, *copy), store.at_once))
    written = [each for each in outcomes if isinstance(each, int)]
    faults = tuple(each for each in outcomes if isinstance(each, Fault))
    return PartDone("", len(outcomes), len(written), sum(written), faults)


def _renew_copy(store: RemoteStore, digest: Digest, copy: Entry) -> int | Fault | None:
    """The object's size in bytes; None if the newest key is its key already, or a gc has taken it away meanwhile."""
    driver, codec = store.driver, store.codec
    try:
        value = driver.get(copy.key)
        if codec.is_current(value):
            return None
        data = codec.decode(digest, value)
    except AbsentError:
        return None
    except (CorruptObjectError, OversizeError) as error:
        return Fault(digest, FaultKind.CORRUPT, f"{error.message}, moved aside to {copy.key}")
    if not is_object(digest, data):
        return Fault(digest, FaultKind.CORRUPT, f"does not hash to its name, moved aside to {copy.key}")
    driver.put(copy.key, codec.encode(digest, data))
    return len(data)
