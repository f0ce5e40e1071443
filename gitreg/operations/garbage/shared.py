"""Gc of a shared store: what no ref of anybody needs goes, in steps that a push beside it cannot lose an object by."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from gitreg.core.digest import Digest
from gitreg.core.retention import Then
from gitreg.errors import GitError, NotARegistryError
from gitreg.operations.context import Context
from gitreg.operations.garbage.all_refs import all_refs, plain_name
from gitreg.operations.garbage.archive import archive
from gitreg.operations.garbage.gc import DEFAULT_GRACE
from gitreg.operations.garbage.mark import UnknownNeedError, mark
from gitreg.operations.garbage.released import Released, released
from gitreg.operations.garbage.results import Amount, Blocked, Kept
from gitreg.operations.garbage.roots import Root, roots
from gitreg.operations.garbage.survey import ClockError, Survey, survey
from gitreg.operations.retention import VersionFate
from gitreg.operations.stores import EMBEDDED, archive_store, local_store, remote_store
from gitreg.storage.layered import LayeredStore
from gitreg.storage.local_sweep import LocalSweep
from gitreg.storage.remote.sweep import RemoteSweep
from gitreg.storage.store import ObjectStore
from gitreg.storage.sweep import Listed, Swept

_NOTHING = Swept(0, 0)
# A push of that many hours ago may not be published yet.
SHORT_SHARED_GRACE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SharedGcRequest:
    """Which store (None: the default one), which other registries share it, how old what goes must be, where what the
    policy archives goes (None: where the policy says), and whether to change anything at all."""

    remote: str | None = None
    grace: timedelta = DEFAULT_GRACE
    also: tuple[str, ...] = ()
    archive: str | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class SharedGcResult:
    """What stays and why, and every version's fate.  `delete` is what goes, or went if `deleted`.

    On a service it is moved aside first; `freed` is what earlier gcs had moved aside and that is removed for good, and
    `restored` what was put back because something needs it by now.
    """

    store: str
    keep: tuple[Kept, ...]
    versions: tuple[VersionFate, ...]
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
            # the listing comes before the question who needs what, as docs/adr/0010 and 0019 want it
            seen = survey(store, request.grace, only_look=not request.force)
            names = _names(context, request.also)
            need = _Need(context, store, seen, names)
            needed = need.of(root.manifest for root in names.holding)
            failed = _archive(context, store, seen, names, request)
            needed |= need.of(failed)
        except (GitError, NotARegistryError, UnknownNeedError, ClockError) as error:
            nothing = Amount(0, 0)
            refused = (Blocked.by("gc", error),)
            return SharedGcResult(store.describe(), (), (), nothing, nothing, nothing, refused, deleted=False)
        keep = tuple(_kept(root) for root in names.holding if root.manifest in need.known)
        amounts = _carry_out(seen, needed, seen.garbage(needed), force=request.force)
    blocked = (*names.blocked, *dict.fromkeys(failed.values()))
    versions = tuple(_as_archived(each, failed) for each in names.versions)
    return SharedGcResult(store.describe(), keep, versions, *amounts, blocked, deleted=request.force)


def _names(context: Context, also: tuple[str, ...]) -> Released:
    """Whatever names a manifest, less what the policy's retention gives up."""
    with all_refs(context, also) as (own, *others):
        mine = {(plain_name(root.ref), root.manifest): root for root in roots(own)}
        return released(context, list(mine.values()), [root for repo in others for root in roots(repo)])


class _Need:
    """What manifests need of the store.  Those that are here alone count: what they name may be on its way there."""

    def __init__(self, context: Context, store: ObjectStore, seen: Survey, names: Released) -> None:
        local = local_store(context)
        self._both = LayeredStore(local, store)
        there = seen.there
        self.known = there | local.present({root.manifest for root in names.holding} - there)

    def of(self, manifests: Iterable[Digest]) -> set[Digest]:
        """Raises UnknownNeedError, also if something goes while we look: what it needed can't be told any more."""
        marked = mark(self._both, dict.fromkeys(each for each in manifests if each in self.known))
        for gone in marked.absent:
            raise UnknownNeedError(f"{gone} was there a moment ago, and is not any more", hint="run gc again")
        return marked.digests


def _archive(
    context: Context, store: ObjectStore, seen: Survey, names: Released, request: SharedGcRequest
) -> dict[Digest, Blocked]:
    """Copy what is to be archived and still lies here.  Returns what must stay instead, and why."""
    due = [manifest for manifest in names.due(Then.ARCHIVE) if manifest in seen.there]
    place = request.archive or names.archive
    if not due or place is None:
        nowhere = Blocked("archive", "no remote to archive to is named; gc --archive NAME, or archive = in [retention]")
        return dict.fromkeys(due, nowhere)
    if not request.force:
        return {}
    return archive(due, store, lambda: archive_store(context, place))


def _carry_out(
    seen: Survey, needed: Collection[Digest], garbage: list[Listed], *, force: bool
) -> tuple[Amount, Amount, Amount]:
    """What goes, what went for good, and what was put back; or would be."""
    old = [each for each in seen.aside if each.modified <= seen.settled]
    moved, gone, back = Swept.of(garbage), Swept.of(old), _NOTHING
    if force:
        match seen.sweep:
            case RemoteSweep():
                back, gone = seen.sweep.settle(seen.aside, needed, seen.settled)
                seen.sweep.remove_leftovers(seen.settled)
            case LocalSweep():
                seen.sweep.remove_leftovers()
        moved = seen.sweep.remove_untouched(garbage)
    return Amount.of(moved), Amount.of(gone), Amount.of(back)


def _as_archived(version: VersionFate, failed: dict[Digest, Blocked]) -> VersionFate:
    if version.then is not Then.ARCHIVE or version.manifest not in failed:
        return version
    return replace(version, then=Then.KEEP, reason="to be archived, which has not been possible")


def _kept(root: Root) -> Kept:
    return Kept.of(root._replace(ref=plain_name(root.ref)))
