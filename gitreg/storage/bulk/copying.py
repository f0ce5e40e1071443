"""Writes a store's objects into another one, or anew into their own; each is verified on the way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from gitreg.core.digest import Digest
from gitreg.core.manifest import parse_chunk_list
from gitreg.errors import StorageError
from gitreg.storage.bulk.work import PartDone
from gitreg.storage.crew import in_order
from gitreg.storage.fsck import Fault, FaultKind, intact, or_fault, read_or_fault
from gitreg.storage.lengths import misfits
from gitreg.storage.remote.aside import entries_aside
from gitreg.storage.remote.sealing.ring import SealedError
from gitreg.storage.remote.store import RemoteStore
from gitreg.storage.store import MissingObjectError
from gitreg.storage.verified import CorruptObjectError, read_packed_manifest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from gitreg.core.manifest import ChunkEntry
    from gitreg.storage.bulk.place import Place
    from gitreg.storage.store import ObjectStore


@dataclass(frozen=True, slots=True)
class Mirror:
    """The Work of copying what the target lacks, or has with another size; manifests are put off for `finish`."""

    source: Place
    target: Place

    def __call__(self, part: str) -> PartDone:
        source, target = self.source.open(), self.target.open()
        here, there = dict(source.sizes(part)), dict(target.sizes(part))
        wanted = [digest for digest, size in here.items() if there.get(digest) != size]
        copy = partial(_copy, source, target, there.keys() & set(wanted))
        return _account(part, len(here), _each(copy, wanted, max(source.at_once, target.at_once)), target)

    def finish(self, manifests: Collection[Digest]) -> PartDone:
        """Copy the manifests that were put off, and of those only the complete ones (W1)."""
        source, target = self.source.open_anew(), self.target.open_anew()
        copy = partial(_copy_manifest, source, target)
        return _account("", 0, _each(copy, manifests, max(source.at_once, target.at_once)), target)


@dataclass(frozen=True, slots=True)
class Renew:
    """The Work of writing every object as its store writes objects now: sealed with the newest key."""

    place: Place

    def __call__(self, part: str) -> PartDone:
        store = self.place.open()
        if not isinstance(store, RemoteStore):
            raise StorageError(f"{store.describe()} is a folder, and nothing in it is sealed")
        names = list(store.names(part))
        return _account(part, len(names), _each(partial(_renew, store), names, store.at_once), store)


def renew_aside(store: RemoteStore) -> PartDone:
    """The same of copies that a gc has moved aside.  That makes them younger, so the next gc leaves them for longer."""
    copies = entries_aside(store.driver, store.codec)
    outcomes = list(in_order(copies, lambda found: _renew(store, found[0], found[1].key), store.at_once))
    return _account("", len(outcomes), outcomes, store)


@dataclass(frozen=True, slots=True)
class _Written:
    size: int


@dataclass(frozen=True, slots=True)
class _PutOff:
    manifest: Digest


_Outcome = _Written | _PutOff | Fault | None


def _each(copy: partial[_Outcome], digests: Collection[Digest], at_once: int) -> list[_Outcome]:
    """Raises StorageError if an object cannot be written; what is faulty in the source is an outcome."""
    return list(in_order(digests, copy, at_once))


def _copy(source: ObjectStore, target: ObjectStore, odd: Collection[Digest], digest: Digest) -> _Outcome:
    """`odd` are those that the target has with another size: cut off there or here, or packed by another release."""
    data = read_or_fault(source, digest)
    if not isinstance(data, bytes):
        return data
    if Digest.of(data) == digest:
        return _write(target, digest, data, replace=digest in odd)
    return None if digest in odd and intact(target, digest) is not None else _PutOff(digest)


def _write(target: ObjectStore, digest: Digest, data: bytes, *, replace: bool) -> _Written:
    """Only with data that is verified: what is in its place goes first, for not every service replaces that."""
    if replace:
        target.remove((digest,))
    target.write(digest, data)
    return _Written(len(data))


def _renew(store: RemoteStore, digest: Digest, copy: str | None = None) -> _Outcome:
    where = "" if copy is None else f", moved aside to {copy}"
    try:
        size = store.renew(digest, copy)
    except MissingObjectError:  # by a gc beside us
        return None
    except SealedError as error:  # any other StorageError is the store's, and would come again
        return Fault(digest, FaultKind.UNREADABLE, error.message + where)
    except CorruptObjectError as error:
        return Fault(digest, FaultKind.CORRUPT, error.message + where)
    return None if size is None else _Written(size)


def _copy_manifest(source: ObjectStore, target: ObjectStore, digest: Digest) -> _Outcome:
    found = or_fault(digest, partial(_packed_manifest, source, digest))
    if found is None or isinstance(found, Fault):
        return found
    packed, chunks = found
    absent, damaged = misfits(target, chunks)
    if absent or damaged:
        first = min(absent | damaged)
        return Fault(digest, FaultKind.MISSING, f"not copied: {len(absent | damaged)} of its chunks are, as {first}")
    return _write(target, digest, packed, replace=digest in target.present({digest}))


def _packed_manifest(source: ObjectStore, digest: Digest) -> tuple[bytes, Collection[ChunkEntry]]:
    packed, text = read_packed_manifest(source, digest)
    return packed, parse_chunk_list(text)


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
