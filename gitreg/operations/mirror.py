"""Mirror: everything that one shared store has, in another one as well."""

from __future__ import annotations

from dataclasses import dataclass

from gitreg.errors import UsageError
from gitreg.operations.bulk import run, runner
from gitreg.operations.context import Context
from gitreg.operations.stores import remote_at, remote_store
from gitreg.storage.bulk.copying import Mirror
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
    work = Mirror(whence, whither)
    with context.step(f"mirror {source} to {target}"):
        total = run(context, who, work)
        total.add(work.finish(total.manifests))
    return MirrorResult(
        not total.faults, whence.url, whither.url, total.objects, total.written, total.bytes, tuple(total.faults)
    )
