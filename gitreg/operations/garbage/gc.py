"""Gc: remove from the clone's own store what nothing names any more and nobody has used for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from gitreg.core.digest import Digest
from gitreg.errors import GitError
from gitreg.git.ever import blind_spots
from gitreg.operations.context import Context
from gitreg.operations.garbage.mark import Marked, UnknownNeedError, mark
from gitreg.operations.garbage.results import Amount, Blocked, Kept, unused
from gitreg.operations.garbage.roots import roots
from gitreg.operations.garbage.trim import TRIM_GRACE, TrimRefusedError, held_by_remote
from gitreg.operations.stores import local_store
from gitreg.storage.local_sweep import LocalSweep
from gitreg.storage.sweep import Listed, Swept

DEFAULT_GRACE: Final = timedelta(days=14)
# An add or push of that many hours ago may still be running; whoever asks for less must know that none is.
SHORT_GRACE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class GcRequest:
    """How long an object must have lain unused; whether to drop also what the remote has; whether to delete at all."""

    grace: timedelta = DEFAULT_GRACE
    pushed: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class GcResult:
    """What stays and why, and what goes, or went if `deleted`; `pushed` is the part of it that the remote has."""

    keep: tuple[Kept, ...]
    delete: Amount
    pushed: Amount
    blocked: tuple[Blocked, ...]
    deleted: bool


def gc(context: Context, request: GcRequest) -> GcResult:
    """Find what may go, and remove it if asked to.  Raises StorageError."""
    blind = [Blocked("gc", reason) for reason in blind_spots(context.repo)]
    if blind:
        return GcResult((), Amount(0, 0), Amount(0, 0), tuple(blind), deleted=False)
    with context.step("gc"):
        try:
            plan = _plan(context, request)
        except (GitError, UnknownNeedError) as error:
            return GcResult((), Amount(0, 0), Amount(0, 0), (Blocked.by("gc", error),), deleted=False)
        sweep = LocalSweep(local_store(context))
        if request.force:
            sweep.remove_leftovers()  # first, for a full disk needs some room to move objects aside
            garbage, trimmed = sweep.remove_untouched(plan.garbage), sweep.remove_untouched(plan.trimmed)
        else:
            garbage, trimmed = Swept.of(plan.garbage), Swept.of(plan.trimmed)
    return GcResult(plan.keep, Amount.of(garbage, trimmed), Amount.of(trimmed), plan.blocked, deleted=request.force)


@dataclass(frozen=True, slots=True)
class _Plan:
    keep: tuple[Kept, ...]
    garbage: list[Listed]
    trimmed: list[Listed]
    blocked: tuple[Blocked, ...]


def _plan(context: Context, request: GcRequest) -> _Plan:
    """What stays and what goes.

    The listing comes before the question who needs what: whoever relies on an object after the listing has renewed
    its time, which the sweep sees; whoever did before has written a pointer by now, or its time is within the grace.
    """
    store = local_store(context)
    sweep = LocalSweep(store)
    now = sweep.clock()
    listed = {each.digest: each for each in sweep.listed()}
    named = [root for root in roots(context.repo) if root.manifest in listed]
    marked = mark(store, dict.fromkeys(root.manifest for root in named))
    needed = marked.digests
    unneeded = (each for digest, each in listed.items() if digest not in needed)
    garbage = unused(unneeded, now, request.grace)
    gone, blocked = _pushed(context, request, marked)
    trimmed = unused((listed[digest] for digest in gone & listed.keys()), now, min(request.grace, TRIM_GRACE))
    going = {each.digest for each in trimmed}
    return _Plan(tuple(Kept.of(root) for root in named if root.manifest not in going), garbage, trimmed, blocked)


def _pushed(context: Context, request: GcRequest, marked: Marked) -> tuple[set[Digest], tuple[Blocked, ...]]:
    """What the remote holds, if that was asked for; and why it could not be told."""
    if not request.pushed:
        return set(), ()
    try:
        return held_by_remote(context, marked), ()
    except TrimRefusedError as error:
        return set(), (Blocked.by("pushed", error),)
