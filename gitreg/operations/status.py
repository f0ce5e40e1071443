"""Status: bytes against pointers, pointers against HEAD, objects against the shared store."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from gitreg.core.digest import Digest
from gitreg.core.names import ModelName
from gitreg.core.pointer import Pointer
from gitreg.core.text import escape
from gitreg.errors import GitregError, SourceError
from gitreg.git.worktree import dirty_paths
from gitreg.operations.context import Context
from gitreg.operations.pointers import artifact_place, read_pointer, working_pointers
from gitreg.operations.policy.pending import unsigned_edit
from gitreg.operations.stores import NoRemoteError, local_store, remote_place, remote_store
from gitreg.operations.take_in import manifest_now
from gitreg.operations.uncopied import place_of
from gitreg.storage.store import ObjectStore


class BytesState(Enum):
    """The files in the working tree against the pointer."""

    SAME = "same"
    CHANGED = "changed"
    ABSENT = "absent"


class PointerState(Enum):
    """The pointer against HEAD."""

    COMMITTED = "committed"
    MODIFIED = "modified"
    MALFORMED = "malformed"


class ObjectsState(Enum):
    """Where the pointer's objects are."""

    PUSHED = "pushed"
    ALONE = "alone"  # here, and there is no shared store to push to
    LOCAL = "local"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One pointer of the working tree; `detail` explains what is wrong with it, if anything."""

    model: ModelName | None
    pointer: str
    bytes: BytesState
    pointer_state: PointerState
    objects: ObjectsState
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StatusResult:
    """`clean` if every model's bytes, pointer and objects are where they should be.

    `policy` is why the policy in the working tree would not count as a change, if it is one that would not.
    """

    models: tuple[ModelStatus, ...]
    clean: bool
    policy: str | None = None


def status(context: Context, *, rehash: bool = False) -> StatusResult:
    """Compare the working tree with its pointers, HEAD and the stores."""
    paths = working_pointers(context.repo)
    dirty = set(dirty_paths(context.repo, paths)) if paths else set()
    places = _Places(context)
    models = tuple(_status(context, path, places, dirty=path in dirty, rehash=rehash) for path in paths)
    policy = _policy(context)
    return StatusResult(models, policy is None and all(_is_clean(each) for each in models), policy)


def _policy(context: Context) -> str | None:
    try:
        return unsigned_edit(context)
    except GitregError as error:  # whatever is wrong with what is in force, the models' state can be told
        context.settings.note(f"the policy was not compared: {error.message}")
        return None


def _is_clean(model: ModelStatus) -> bool:
    return (
        model.bytes is not BytesState.CHANGED
        and model.pointer_state is PointerState.COMMITTED
        and model.objects in {ObjectsState.PUSHED, ObjectsState.ALONE}
    )


class _Places:
    """The stores, asked once; a remote that cannot be reached makes "pushed" unknown, not the command fail."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._local: ObjectStore = local_store(context)
        self._remote: ObjectStore | None = None
        self._reachable = True
        self._alone = False
        try:
            self._alone = context.config.default_remote is None and remote_place(context) is None
            self._remote = None if self._alone else remote_store(context)
        except NoRemoteError:
            pass
        except GitregError as error:
            self._reachable = False
            context.settings.note(f"the remote was not asked: {error.message}")

    def state(self, manifest: Digest) -> ObjectsState:
        if self._remote is not None and self._remote.present([manifest]):
            return ObjectsState.PUSHED
        if not self._reachable:
            return ObjectsState.UNKNOWN
        if self._local.present([manifest]):
            return ObjectsState.ALONE if self._alone else ObjectsState.LOCAL
        return ObjectsState.MISSING if place_of(self._context, manifest) is None else ObjectsState.LOCAL


def _status(context: Context, path: str, places: _Places, *, dirty: bool, rehash: bool) -> ModelStatus:
    pointer_file = context.repo.work_tree / path
    try:
        pointer = read_pointer(pointer_file)
    except GitregError as error:
        unknown = ObjectsState.UNKNOWN
        return ModelStatus(None, path, BytesState.ABSENT, PointerState.MALFORMED, unknown, error.message)
    bytes_state, detail = _bytes_state(context, artifact_place(pointer_file, pointer), pointer, rehash=rehash)
    pointer_state = PointerState.MODIFIED if dirty else PointerState.COMMITTED
    return ModelStatus(pointer.name, path, bytes_state, pointer_state, places.state(pointer.manifest), detail)


def _bytes_state(context: Context, place: Path, pointer: Pointer, *, rehash: bool) -> tuple[BytesState, str]:
    if not place.exists():
        return BytesState.ABSENT, ""
    try:
        manifest = manifest_now(context, place, rehash=rehash)
    except SourceError as error:
        return BytesState.CHANGED, escape(error.message)
    return (BytesState.SAME if manifest == pointer.manifest else BytesState.CHANGED), ""
