"""Add: take files in, write or refresh the pointer, ignore the files, stage the pointer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gitreg.core.digest import Digest
from gitreg.core.names import ModelName
from gitreg.core.oid import Oid
from gitreg.core.pointer import Kind, Pointer, parse_pointer
from gitreg.core.pointer_edit import Annotations, ArtifactFacts, write_pointer
from gitreg.core.reference import POINTER_SUFFIX
from gitreg.core.text import escape
from gitreg.errors import NotFoundError, RefusedError, SourceError, UsageError
from gitreg.git.worktree import commit, dirty_paths, stage
from gitreg.operations.annotate import LineageRequest, lineage_entries
from gitreg.operations.atomic import write_file
from gitreg.operations.context import Context
from gitreg.operations.ignore import ignore
from gitreg.operations.pointers import artifact_place, read_pointer, working_pointers
from gitreg.operations.take_in import Keep, take_in


@dataclass(frozen=True, slots=True)
class AddRequest:
    """What to add, and what to say about it.  `kind` None keeps what an existing pointer says."""

    path: Path
    name: ModelName | None = None
    kind: Kind | None = None
    model: Mapping[str, object] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    schema: Mapping[str, object] = field(default_factory=dict)
    lineage: LineageRequest = field(default_factory=LineageRequest)
    commit_message: str | None = None
    rehash: bool = False
    keep: Keep = Keep.HERE


@dataclass(frozen=True, slots=True)
class AddResult:
    """What was added, and where its bytes are kept; `transferred` counts those that the store did not have."""

    model: ModelName
    kind: str
    manifest: Digest
    size: int
    files: int
    chunks: int
    new_chunks: int
    transferred: int
    seconds: float
    pointer: str
    commit: Oid | None
    keep: Keep


def add(context: Context, request: AddRequest) -> AddResult:
    """Add a file or folder.  Raises SourceError, UsageError, FormatError, RefusedError; then nothing was recorded."""
    started = time.monotonic()
    place = _place(context, request.path)
    pointer_file = _pointer_file(place)
    old = pointer_file.read_bytes() if pointer_file.exists() else None
    before = parse_pointer(old, escape(pointer_file.name)) if old is not None else None
    name = _name(context, request, place, pointer_file, before)
    annotations = Annotations(
        request.model,
        request.params,
        request.metrics,
        request.schema,
        lineage=lineage_entries(context, request.lineage),
    )
    _check_tracked(context, place)
    _check_not_ignored(context, pointer_file)
    added = take_in(context, place, request.keep, rehash=request.rehash)
    kind = request.kind or (before.kind if before else Kind.MODEL)
    single = place.name if place.is_file() else None
    facts = ArtifactFacts(name, added.manifest, added.size, added.files, kind, single)
    text = write_pointer(facts, annotations, old, escape(pointer_file.name))
    paths = _record(context, place, pointer_file, text, old)
    made = _commit(context, request.commit_message, paths)
    return AddResult(
        model=name,
        kind=kind.value,
        manifest=added.manifest,
        size=added.size,
        files=added.files,
        chunks=added.chunks,
        new_chunks=added.new_chunks,
        transferred=added.new_bytes,
        seconds=round(time.monotonic() - started, 3),
        pointer=context.repo.relative(pointer_file),
        commit=made,
        keep=request.keep,
    )


def _place(context: Context, path: Path) -> Path:
    absolute = path if path.is_absolute() else context.repo.git.directory / path
    place = absolute.parent.resolve() / absolute.name if absolute.name not in {"", ".."} else absolute.resolve()
    relative = context.repo.relative(place)
    if not place.exists() and not place.is_symlink():
        raise SourceError(f"no such file or folder: {escape(str(path))}", hint="check the path")
    if relative == "." or ".git" in place.parts or ".gitreg" in place.parts:
        raise UsageError(f"{escape(str(path))} cannot be an artifact", hint="put the files into a folder of their own")
    if place.name.endswith(POINTER_SUFFIX):
        raise UsageError(f"{escape(str(path))} is a pointer", hint="add the files that it stands for")
    return place


def _pointer_file(place: Path) -> Path:
    stem = place.stem if place.is_file() else place.name
    return place.with_name(stem + POINTER_SUFFIX)


def _name(context: Context, request: AddRequest, place: Path, pointer_file: Path, before: Pointer | None) -> ModelName:
    """The model's name: as asked for, as the pointer has it, or the file's own; it belongs to one pointer only."""
    if before is not None:
        _check_same_place(place, artifact_place(pointer_file, before))
    if before is not None and request.name in {None, before.name}:
        return before.name
    stem = pointer_file.name.removesuffix(POINTER_SUFFIX)
    name = request.name or _own_name(stem)
    mine = context.repo.relative(pointer_file)
    for other in working_pointers(context.repo):
        if other != mine and _names(context.repo.work_tree / other, name):
            raise RefusedError(f"{escape(other)} is called '{name}' already", hint="choose another --name")
    return name


def _check_same_place(place: Path, known: Path) -> None:
    """A model may move from a file to a folder, but one pointer can't stand for two that are both there."""
    if known.name != place.name and known.exists():
        raise RefusedError(
            f"{escape(known.name)} and {escape(place.name)} would have the same pointer",
            hint="put the files of one model into one folder, or rename this one",
        )


def _own_name(stem: str) -> ModelName:
    try:
        return ModelName.parse(stem)
    except UsageError as error:
        raise UsageError(error.message, hint=f"give it one with --name; {error.hint}") from None


def _names(pointer_file: Path, name: ModelName) -> bool:
    try:
        return read_pointer(pointer_file).name == name
    except (SourceError, NotFoundError):
        return False


def _check_tracked(context: Context, place: Path) -> None:
    """Bytes that Git already tracks would live twice, and the ignore rule would not apply to them."""
    relative = context.repo.relative(place)
    tracked = context.repo.git.run("ls-files", "-z", "--cached", "--", f":(top,literal){relative}")
    if tracked:
        raise RefusedError(
            f"Git tracks files in {escape(relative)}", hint=f"git rm -r --cached {escape(relative)}, then add it here"
        )


def _check_not_ignored(context: Context, pointer_file: Path) -> None:
    """Found out now: `git add` would refuse it only once it is written."""
    if context.repo.git.ok("check-ignore", "--quiet", "--", str(pointer_file)):
        relative = escape(context.repo.relative(pointer_file))
        raise RefusedError(
            f"Git ignores {relative}, which must be committed",
            hint=f"find the rule with: git check-ignore -v {relative}; gitreg ignores the files themselves",
        )


def _record(context: Context, place: Path, pointer_file: Path, text: bytes, old: bytes | None) -> list[str]:
    """Pointer and ignore rule, staged; an unchanged pointer is left alone."""
    if text != old:
        write_file(pointer_file, text)
    ignore_file = ignore(place)
    paths = [context.repo.relative(pointer_file), context.repo.relative(ignore_file)]
    stage(context.repo, paths)
    return paths


def _commit(context: Context, message: str | None, paths: list[str]) -> Oid | None:
    if message is None or not dirty_paths(context.repo, paths):
        return None
    return commit(context.repo, message, paths)
