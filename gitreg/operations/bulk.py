"""Who does work on all objects of a store: this machine, or a cluster; and which options may travel there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from gitreg.core.digest import Digest
from gitreg.errors import RefusedError
from gitreg.operations.context import Context
from gitreg.storage.bulk.cluster import Cluster
from gitreg.storage.bulk.place import Place
from gitreg.storage.bulk.threads import Threads
from gitreg.storage.bulk.work import PARTS, PartDone, Runner, Work
from gitreg.storage.fsck import Fault

# Whatever is not known to be harmless is taken for a secret.
_HARMLESS: Final = frozenset({"driver", "endpoint-url", "profile", "region", "retries", "timeout"})


def runner(cluster: str | None, *places: Place) -> Runner:
    """Threads, or the cluster at an address.  Raises RefusedError where credentials could be read on the way."""
    if cluster is None:
        return Threads()
    chosen = Cluster(cluster)
    if chosen.private:
        return chosen
    for place in places:
        secret = (
            "the keys" if place.seal else next((f"'{name}'" for name, _ in place.options if name not in _HARMLESS), "")
        )
        if secret:
            raise RefusedError(
                f"{secret} of {place.url} would travel to the cluster in the clear",
                hint="use a tls:// address, or let the workers find credentials in their own environment",
            )
    return chosen


@dataclass(slots=True)
class Total:
    """What all parts come to, as PartDone says it of one."""

    objects: int = 0
    written: int = 0
    bytes: int = 0
    faults: list[Fault] = field(default_factory=list)
    manifests: list[Digest] = field(default_factory=list)

    def add(self, done: PartDone) -> None:
        self.objects += done.objects
        self.written += done.written
        self.bytes += done.bytes
        self.faults += done.faults
        self.manifests += done.manifests


def run(context: Context, who: Runner, work: Work) -> Total:
    """Do all parts, and show how far that is."""
    total = Total()
    for number, done in enumerate(who.run(work), 1):
        context.settings.progress.say(f"{number} of {len(PARTS)} parts")
        total.add(done)
    return total
