"""Gc of a shared store: what no ref of anybody needs goes, in steps that a push beside it cannot lose an object by."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

from gitreg.core.digest import Digest
from gitreg.errors import GitError, NotARegistryError, StorageError
from gitreg.operations.context import Context
from gitreg.operations.fsck import EMBEDDED
from gitreg.operations.garbage.all_refs import all_refs, plain_name
from gitreg.operations.garbage.gc import DEFAULT_GRACE
from gitreg.operations.garbage.mark import UnknownNeedError, mark
from gitreg.operations.garbage.results import Amount, Blocked, Kept, summed, unused
from gitreg.operations.garbage.roots import Root, roots
from gitreg.operations.stores import local_store, remote_store
from gitreg.storage.layered import LayeredStore
from gitreg.storage.local import LocalStore
from gitreg.storage.local_sweep import LocalSweep
from gitreg.storage.remote.store import RemoteStore
from gitreg.storage.remote.sweep import Aside, RemoteSweep, margin
from gitreg.storage.store import ObjectStore
from gitreg.storage.sweep import Listed, Swept

_NOTHING = Swept(0, 0)
_SKEW = timedelta(minutes=5)
# A push of that many hours ago may not be published yet.
SHORT_SHARED_GRACE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SharedGcRequest:
    """Which store (None: the default one), which other registries share it, how old what goes must be, and whether to
    change anything at all."""

    remote: str | None = None
    grace: timedelta = DEFAULT_GRACE
    also: tuple[str, ...] = ()
    force: bool = False


@dataclass(frozen=True, slots=True)
class SharedGcResult:
    """What stays and why.  `delete` is what goes, or went if `deleted`.

    On a service it is moved aside first; `freed` is what earlier gcs had moved aside and that is removed for good, and
    `restored` what was put back because something needs it by now.
    """

    store: str
    keep: tuple[Kept, ...]
    delete: Amount
    freed: Amount
    restored: Amount
    blocked: tuple[Blocked, ...]
    deleted: bool


def gc_shared(context: Context, request: SharedGcRequest) -> SharedGcResult:
    """Find what may go from a shared store, and remove it if asked to.  Raises StorageError, RefusedError."""
    store = remote_store(context, None if request.remote == EMBEDDED else request.remote)
    with context.step(f"gc of {store.describe()}"):
        try:
            plan = _plan(context, store, request)
        except (GitError, NotARegistryError, UnknownNeedError, _ClockError) as error:
            nothing = Amount(0, 0)
            refused = (Blocked.by("gc", error),)
            return SharedGcResult(store.describe(), (), nothing, nothing, nothing, refused, deleted=False)
        return _carry_out(plan, store, force=request.force)


class _ClockError(StorageError):
    """Nobody can tell how old anything is."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """`aside` is what earlier sweeps moved, `before` the latest time of such a copy that may go."""

    sweep: LocalSweep | RemoteSweep
    keep: tuple[Kept, ...]
    needed: frozenset[Digest]
    garbage: list[Listed]
    aside: list[Aside]
    before: int


def _plan(context: Context, store: ObjectStore, request: SharedGcRequest) -> _Plan:
    """What stays and what goes.  The listing comes before the question who needs what, as docs/adr/0019 wants it."""
    sweep = _sweep(store, request.grace)
    now = _checked_clock(sweep, store)
    listed = {each.digest: each for each in sweep.listed()}
    aside = list(sweep.aside()) if isinstance(sweep, RemoteSweep) else []
    local = local_store(context)
    with all_refs(context, request.also) as repositories:
        named = {(plain_name(root.ref), root.manifest): root for repo in repositories for root in roots(repo)}
    there = listed.keys() | {each.digest for each in aside}
    there |= local.present({root.manifest for root in named.values()} - there)
    # bytes that are here and not there yet may be on their way, and count on chunks that are there
    holding = [root for root in named.values() if root.manifest in there]
    needed = mark(LayeredStore(local, store), dict.fromkeys(root.manifest for root in holding)).digests
    garbage = unused((each for digest, each in listed.items() if digest not in needed), now, request.grace)
    before = now - int((request.grace + margin(request.grace)).total_seconds() * 1e9)
    return _Plan(sweep, tuple(map(_kept, holding)), frozenset(needed), garbage, aside, before)


def _carry_out(plan: _Plan, store: ObjectStore, *, force: bool) -> SharedGcResult:
    moved, back = summed(plan.garbage), _NOTHING
    freed = [each for each in plan.aside if each.modified <= plan.before]
    gone = Swept(len(freed), sum(each.size for each in freed))
    if force:
        match plan.sweep:
            case RemoteSweep():
                back, gone = plan.sweep.settle(plan.aside, plan.needed, plan.before)
            case LocalSweep():
                plan.sweep.remove_leftovers()
        moved = plan.sweep.remove_untouched(plan.garbage)
    amounts = (Amount.of(moved), Amount.of(gone), Amount.of(back))
    return SharedGcResult(store.describe(), plan.keep, *amounts, (), deleted=force)


def _sweep(store: ObjectStore, grace: timedelta) -> LocalSweep | RemoteSweep:
    match store:
        case LocalStore():
            return LocalSweep(store)
        case RemoteStore():
            return RemoteSweep(store, grace)
        case _:
            raise StorageError(f"{store.describe()} cannot be swept", hint="use a directory or an object store")


def _checked_clock(sweep: LocalSweep | RemoteSweep, store: ObjectStore) -> int:
    """The store's time; ages of objects are compared with it, and times of events are this host's or others'."""
    now = sweep.clock()
    apart = abs(now - time.time_ns()) / 1e9
    if apart > _SKEW.total_seconds():
        raise _ClockError(
            f"the clocks of this machine and of {store.describe()} are {round(apart / 60)} minutes apart",
            hint="set this machine's clock; nothing is deleted while they disagree",
        )
    return now


def _kept(root: Root) -> Kept:
    return Kept.of(root._replace(ref=plain_name(root.ref).removeprefix("refs/tags/")))
