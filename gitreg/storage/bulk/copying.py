"""Writes a store's objects into another one, or anew into their own; each is verified on the way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from gitreg.core.digest import Digest
from gitreg.errors import StorageError
from gitreg.storage.bulk.work import PartDone
from gitreg.storage.fsck import Fault, FaultKind, read_or_fault
from gitreg.storage.lengths import lengths, misfits
from gitreg.storage.remote.store import RemoteStore
from gitreg.storage.store import MissingObjectError
from gitreg.storage.verified import CorruptObjectError, read_chunk_list

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from gitreg.storage.bulk.place import Place
    from gitreg.storage.store import ObjectStore

_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class Mirror:
    """The Work of copying what the target lacks, or has with another size; manifests are put off for `finish`."""

    source: Place
    target: Place

    def __call__(self, part: str) -> PartDone:
        source, target = self.source.open(), self.target.open()
        here = lengths(source, list(source.names(part)))
        there = lengths(target, here.keys())
        wanted = [digest for digest, size in here.items() if digest not in there or there[digest] != size]
        target.remove(there.keys() & set(wanted))  # not every service replaces what is there
        return _account(part, len(here), _each(partial(_copy, source, target, put_off=True), wanted), target)

    def finish(self, manifests: Collection[Digest]) -> PartDone:
        """Copy the manifests that were put off, and of those only the complete ones (W1)."""
        source, target = self.source.open(), self.target.open()
        return _account("", 0, _each(partial(_copy_manifest, source, target), manifests), target)


@dataclass(frozen=True, slots=True)
class Renew:
    """The Work of writing every object as its store writes objects now: sealed with the newest key."""

    place: Place

    def __call__(self, part: str) -> PartDone:
        store = self.place.open()
        if not isinstance(store, RemoteStore):
            raise StorageError(f"{store.describe()} is a folder, and nothing in it is sealed")
        names = list(store.names(part))
        return _account(part, len(names), _each(partial(_renew, store), names), store)


@dataclass(frozen=True, slots=True)
class _Written:
    size: int


@dataclass(frozen=True, slots=True)
class _PutOff:
    manifest: Digest


_Outcome = _Written | _PutOff | Fault | None


def _each(copy: partial[_Outcome], digests: Collection[Digest]) -> list[_Outcome]:
    """Raises StorageError if an object cannot be written; what is faulty in the source is an outcome."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(copy, digests))


def _copy(source: ObjectStore, target: ObjectStore, digest: Digest, *, put_off: bool) -> _Outcome:
    data = read_or_fault(source, digest)
    if data is None or isinstance(data, Fault):
        return data
    if put_off and Digest.of(data) != digest:
        return _PutOff(digest)
    target.write(digest, data)
    return _Written(len(data))


def _renew(store: RemoteStore, digest: Digest) -> _Outcome:
    try:
        size = store.renew(digest)
    except MissingObjectError:
        return None
    except CorruptObjectError as error:
        return Fault(digest, FaultKind.CORRUPT, error.message)
    return None if size is None else _Written(size)


def _copy_manifest(source: ObjectStore, target: ObjectStore, digest: Digest) -> _Outcome:
    absent, damaged = misfits(target, read_chunk_list(source, digest))
    if absent or damaged:
        first = min(absent | damaged)
        return Fault(digest, FaultKind.MISSING, f"not copied: {len(absent | damaged)} of its chunks are, as {first}")
    return _copy(source, target, digest, put_off=False)


def _account(part: str, objects: int, outcomes: Iterable[_Outcome], target: ObjectStore) -> PartDone:
    target.flush()
    outcomes = list(outcomes)
    written = [each.size for each in outcomes if isinstance(each, _Written)]
    return PartDone(
        part,
        objects,
        len(written),
        sum(written),
        faults=tuple(each for each in outcomes if isinstance(each, Fault)),
        manifests=tuple(each.manifest for each in outcomes if isinstance(each, _PutOff)),
    )
