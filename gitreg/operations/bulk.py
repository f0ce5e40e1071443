"""Who does work on all objects of a store: this machine, or a cluster; and which options may travel there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gitreg.errors import RefusedError
from gitreg.operations.context import Context
from gitreg.storage.bulk.cluster import Cluster
from gitreg.storage.bulk.place import Place
from gitreg.storage.bulk.threads import Threads
from gitreg.storage.bulk.work import PARTS, PartDone, Runner, Work

# Whatever is not known to be harmless is taken for a secret.
_HARMLESS: Final = frozenset({"driver", "endpoint-url", "profile", "region", "retries", "timeout"})


def runner(cluster: str | None, *places: Place) -> Runner:
    """Threads, or the cluster at an address.  Raises RefusedError where credentials could be read on the way."""
    if cluster is None:
        return Threads()
    chosen = Cluster(cluster)
    secret = sorted({name for place in places for name, _ in place.options if name not in _HARMLESS})
    if secret and not chosen.private:
        raise RefusedError(
            f"the option {secret[0]} of a remote would travel to the cluster in the clear",
            hint="use a tls:// address, or let the workers find credentials in their own environment",
        )
    return chosen


def run(context: Context, who: Runner, work: Work, heed: Callable[[PartDone], None]) -> None:
    """Do all parts, and show how far that is."""
    for number, done in enumerate(who.run(work), 1):
        context.settings.progress.say(f"{number} of {len(PARTS)} parts")
        heed(done)
