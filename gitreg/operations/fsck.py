"""Fsck: every object of a store against its name, everything that refs name complete, and faults put right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from gitreg.core.digest import Digest
from gitreg.core.manifest import Manifest
from gitreg.errors import GitregError, StorageError
from gitreg.operations.bulk import Total
from gitreg.operations.context import Context
from gitreg.operations.fsck_read import check_cluster, read_here, read_remote
from gitreg.operations.reachable import named_artifacts
from gitreg.operations.stores import EMBEDDED, NoRemoteError, local_store, remote_store
from gitreg.operations.uncopied import place_of
from gitreg.storage.fsck import Fault, FaultKind, intact, repair, set_aside
from gitreg.storage.fsck_layout import OddFile, Oddity, odd_files, put_right
from gitreg.storage.layered import LayeredStore
from gitreg.storage.layout import object_path
from gitreg.storage.local import LocalStore
from gitreg.storage.remote.aside import entries_aside, intact_aside
from gitreg.storage.remote.store import RemoteStore
from gitreg.storage.store import ObjectStore
from gitreg.storage.verified import read_manifest

_ODD = {
    Oddity.STRANGER: "no object",
    Oddity.MISPLACED: "not where an object of that name belongs",
    Oddity.PERMISSIONS: "an object that can be written, or not read",
}


@dataclass(frozen=True, slots=True)
class FsckRequest:
    """Which store (None: the clone's own), how many of its objects (None: all), whether to change more than what
    another store makes certain, and the cluster that reads them all (None: this machine)."""

    remote: str | None = None
    sample: int | None = None
    repair: bool = False
    cluster: str | None = None


@dataclass(frozen=True, slots=True)
class FsckFault:
    """A faulty object, or an odd file in its store; `affects` names the versions and pointers that need it."""

    object: Digest | PurePosixPath
    kind: FaultKind | Oddity
    store: str
    affects: tuple[str, ...]
    repaired: bool
    detail: str


@dataclass(frozen=True, slots=True)
class FsckResult:
    """`checked` objects were read and hashed; `ok` if no fault is left."""

    ok: bool
    checked: int
    store: str
    faults: tuple[FsckFault, ...]


def fsck(context: Context, request: FsckRequest) -> FsckResult:
    """Check a store.  Faults are results, not errors.  Raises StorageError if the store cannot be listed."""
    check_cluster(request.cluster, request.remote, request.sample)
    bench = _bench(context, request)
    with context.step(f"check {bench.store.describe()}"):
        odd = [_put_right(context, bench, each) for each in _oddities(bench)]
        read = _read(context, bench)
        found = {fault.digest: fault for fault in read.faults}
        affects = _affects(context, bench, found)
        # One fault for each object: the permissions of a damaged one do not matter.
        faulty = {PurePosixPath(object_path(digest)) for digest in found}
        treated = [_treated(context, bench, fault, affects.get(fault.digest, ())) for fault in found.values()]
        faults = (*treated, *(each for each in odd if each.object not in faulty))
    return FsckResult(all(fault.repaired for fault in faults), read.objects, bench.store.describe(), faults)


@dataclass(frozen=True, slots=True)
class _Bench:
    """The store on the bench, and the one that may help it; only one of them is the clone's own.

    `aside` is what a gc has moved aside on a service: still to be read there, and put back by the next one if needed.
    """

    store: ObjectStore
    helper: ObjectStore | None
    request: FsckRequest
    aside: frozenset[Digest] = frozenset()

    @property
    def both(self) -> ObjectStore:
        return self.store if self.helper is None else LayeredStore(self.store, self.helper)

    @property
    def shared(self) -> bool:
        return self.request.remote is not None

    @property
    def may_repair(self) -> bool:
        return self.request.repair or not self.shared

    @property
    def may_set_aside(self) -> bool:
        return self.request.repair and not self.shared


def _read(context: Context, bench: _Bench) -> Total:
    remote = bench.request.remote
    if remote is not None and remote in context.config.remotes and bench.request.sample is None:
        return read_remote(context, remote, bench.request.cluster)
    return read_here(bench.store, bench.request.sample)


def _bench(context: Context, request: FsckRequest) -> _Bench:
    local = local_store(context)
    if request.remote is not None:
        embedded = request.remote == EMBEDDED and not context.config.remotes
        remote = remote_store(context, None if embedded else request.remote)
        return _Bench(remote, local, request, _aside(remote))
    try:
        return _Bench(local, remote_store(context), request)
    except NoRemoteError:
        return _Bench(local, None, request)
    except GitregError as error:
        context.settings.note(f"the shared store was not asked: {error.message}")
        return _Bench(local, None, request)


def _aside(store: ObjectStore) -> frozenset[Digest]:
    if not isinstance(store, RemoteStore):
        return frozenset()
    return frozenset(digest for digest, _ in entries_aside(store.driver, store.codec))


def _affects(context: Context, bench: _Bench, found: dict[Digest, Fault]) -> dict[Digest, tuple[str, ...]]:
    """Who needs each faulty object; on the way, adds to `found` what refs name and no store has."""
    affects: dict[Digest, tuple[str, ...]] = {}
    for digest, names in named_artifacts(context).items():
        uncopied = place_of(context, digest) is not None
        if bench.shared and (uncopied or _unpushed(bench, digest)):
            found[digest] = Fault(digest, FaultKind.UNPUSHED, "never pushed, or lost there: gitreg push sends it")
            affects[digest] = names
            continue
        if uncopied:
            context.settings.note(f"{', '.join(names)}: added without a copy, so there is nothing here to check")
            continue
        manifest = _manifest(bench, digest, found)
        needed = {digest} | {chunk.digest for chunk in manifest.chunks} if manifest else {digest}
        for absent in _absent(bench, needed):
            found.setdefault(absent, Fault(absent, FaultKind.MISSING, "needed, and not there"))
        for faulty in needed & found.keys():
            affects[faulty] = (*affects.get(faulty, ()), *names)
    return affects


def _oddities(bench: _Bench) -> list[OddFile]:
    """Odd files of a store in a directory; put right first, for a misplaced object may be the one that is missing."""
    return list(odd_files(bench.store)) if isinstance(bench.store, LocalStore) else []


def _put_right(context: Context, bench: _Bench, odd: OddFile) -> FsckFault:
    """Permissions are put right in the clone at once; files are moved by who asks for that."""
    detail = f"{odd.path} is {_ODD[odd.oddity]}"
    described = FsckFault(odd.path, odd.oddity, bench.store.describe(), (), repaired=False, detail=detail)
    certain = odd.oddity is Oddity.PERMISSIONS and not bench.shared
    if not isinstance(bench.store, LocalStore) or not (certain or bench.request.repair):
        return described
    try:
        put_right(bench.store, odd)
    except StorageError as error:
        context.settings.note(f"not repaired: {error.message}")
        return described
    return replace(described, repaired=True)


def _unpushed(bench: _Bench, manifest: Digest) -> bool:
    """Whether an artifact is here only.  Sending it is for push, which puts chunks before their manifest (W1)."""
    here = bench.helper is not None and intact(bench.helper, manifest) is not None
    return here and bool(_lacking(bench, bench.store, {manifest}))


def _manifest(bench: _Bench, digest: Digest, found: dict[Digest, Fault]) -> Manifest | None:
    """The manifest from wherever it is intact; one that is damaged everywhere is a fault even if no sample hit it."""
    try:
        return read_manifest(bench.both, digest)
    except GitregError as error:
        if bench.store.present((digest,)):
            found.setdefault(digest, Fault(digest, FaultKind.CORRUPT, error.message))
        return None


def _absent(bench: _Bench, needed: set[Digest]) -> list[Digest]:
    """A remote must have everything itself; the clone's own store may leave things to the shared one.

    What lies aside is there as long as nobody asks to have it put back.
    """
    if bench.shared and bench.may_repair:
        return sorted(needed - bench.store.present(needed))
    return _lacking(bench, bench.store if bench.shared else bench.both, needed)


def _lacking(bench: _Bench, store: ObjectStore, needed: set[Digest]) -> list[Digest]:
    """What is not in its place, nor intact aside."""
    absent = needed - store.present(needed)
    return sorted(each for each in absent if each not in bench.aside or intact(store, each) is None)


def _treated(context: Context, bench: _Bench, fault: Fault, affects: tuple[str, ...]) -> FsckFault:
    """The fault after what may be done about it.  A shared store is changed only by who asks for that."""
    described = FsckFault(
        fault.digest, fault.kind, bench.store.describe(), affects, repaired=False, detail=fault.detail
    )
    if fault.kind is FaultKind.UNPUSHED:
        return described
    try:
        sound = _elsewhere(bench, fault.digest) if bench.may_repair else None
        if sound is not None and repair(bench.store, fault.digest, sound):
            return replace(described, repaired=True)
        if bench.may_set_aside and isinstance(bench.store, LocalStore) and fault.kind is not FaultKind.MISSING:
            set_aside(bench.store, fault.digest)
            return replace(described, detail=f"{fault.detail}; set aside, so that adding the files stores it anew")
    except StorageError as error:
        context.settings.note(f"not repaired: {error.message}")
    return described


def _elsewhere(bench: _Bench, digest: Digest) -> bytes | None:
    """The object from the store that may help, or from where a gc has moved it; None if it is sound in neither."""
    sound = None if bench.helper is None else intact(bench.helper, digest)
    if sound is None and digest in bench.aside and isinstance(bench.store, RemoteStore):
        return intact_aside(bench.store.driver, bench.store.codec, digest)
    return sound
