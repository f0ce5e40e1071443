"""Mirror: everything that one shared store has, in another one as well."""

from __future__ import annotations

from dataclasses import dataclass, field

from gitreg.core.digest import Digest
from gitreg.errors import UsageError
from gitreg.operations.bulk import run, runner
from gitreg.operations.context import Context
from gitreg.operations.stores import remote_at, remote_store
from gitreg.storage.bulk.copying import Mirror
from gitreg.storage.bulk.work import PartDone
from gitreg.storage.fsck import Fault


@dataclass(frozen=True, slots=True)
class MirrorResult:
    """`objects` of the source were looked at, `written` ones of so many `bytes` were copied; `ok` if none is faulty."""

    ok: bool
    source: str
    target: str
    objects: int
    written: int
    bytes: int
    faults: tuple[Fault, ...]


def mirror(context: Context, source: str, target: str, cluster: str | None = None) -> MirrorResult:
    """Copy what the target lacks, chunks before manifests.  Interrupted anywhere, a second call goes on.

    Faulty objects of the source are results, not errors, and are not copied, nor is a manifest that needs them.
    Raises StorageError if a store cannot be listed or written.
    """
    if source == target:
        raise UsageError("a remote cannot be mirrored to itself", hint="gitreg remote list shows the remotes")
    whence, whither = remote_at(context, source), remote_at(context, target)
    who = runner(cluster, whence, whither)
    remote_store(context, target, create=True)
    work, sum_ = Mirror(whence, whither), _Sum()
    with context.step(f"mirror {source} to {target}"):
        run(context, who, work, sum_.add)
        sum_.add(work.finish(sum_.manifests))
    return MirrorResult(
        not sum_.faults, whence.url, whither.url, sum_.objects, sum_.written, sum_.bytes, tuple(sum_.faults)
    )


@dataclass(slots=True)
class _Sum:
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
