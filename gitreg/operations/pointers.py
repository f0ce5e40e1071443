"""Pointers in the working tree and in commits: finding them, reading them, and the paths they stand for."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from gitreg.core.names import ModelName
from gitreg.core.oid import Oid
from gitreg.core.pointer import Pointer, parse_pointer
from gitreg.core.reference import POINTER_SUFFIX
from gitreg.core.text import escape
from gitreg.errors import FormatError, GitregError, NotFoundError, SourceError
from gitreg.git.objects import GitObject, ObjectReader, TreeEntry, list_tree
from gitreg.git.repository import Repository

_EVERYWHERE = f":(top,glob)**/*{POINTER_SUFFIX}"


class CommittedPointer(NamedTuple):
    """A pointer as a commit has it."""

    path: str
    blob: Oid
    data: bytes
    pointer: Pointer


def read_pointer(path: Path) -> Pointer:
    """Parse a pointer file.  Raises SourceError if it can't be read, FormatError if it is malformed."""
    try:
        return parse_pointer(path.read_bytes(), escape(path.name))
    except OSError as error:
        raise SourceError(f"cannot read {escape(str(path))}: {error.strerror}") from None


def artifact_place(pointer_path: Path, pointer: Pointer) -> Path:
    """Where the artifact's bytes belong: beside the pointer, as a folder of its name or the file it names."""
    return pointer_path.with_name(pointer.path or pointer_path.name.removesuffix(POINTER_SUFFIX))


def working_pointers(repo: Repository) -> list[str]:
    """Paths of the working tree's pointers, tracked or new, from the top."""
    listing = repo.git.run(
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "--deduplicate",
        "--",
        _EVERYWHERE,
    )
    names = listing.decode("utf-8", "surrogateescape").split("\0")
    return [name for name in names if name and (repo.work_tree / name).is_file()]


def committed_pointers(repo: Repository, commit: Oid) -> list[CommittedPointer]:
    """The well-formed pointers in a commit."""
    return read_pointers(repo, list_tree(repo, commit, POINTER_SUFFIX))


def unshared_pointers(repo: Repository, remote: str, tip: Oid) -> list[CommittedPointer]:
    """The well-formed pointers in commits up to `tip` that the remote did not have when it was last asked."""
    commits = repo.git.run("rev-list", tip, "--not", f"--remotes={remote}", "--", _EVERYWHERE)
    options = ("--stdin", "-r", "-m", "--root", "--no-renames", "--no-commit-id", "--diff-filter=AM", "--raw", "-z")
    changes = repo.git.run("diff-tree", *options, "--", _EVERYWHERE, input=commits)
    # :OLDMODE NEWMODE OLD NEW STATUS, then the path
    fields = iter(changes.decode("utf-8", "surrogateescape").split("\0"))
    pairs = [(details, next(fields)) for details in fields if details]
    return read_pointers(repo, [TreeEntry(path, Oid.parse(details.split(" ")[3])) for details, path in pairs])


def committed_pointer(repo: Repository, commit: Oid, model: ModelName) -> CommittedPointer:
    """The one pointer of a model in a commit.  Raises NotFoundError, or FormatError if there are two."""
    found = [entry for entry in committed_pointers(repo, commit) if entry.pointer.name == model]
    if not found:
        raise NotFoundError(
            f"no pointer of '{model}' is committed", hint="gitreg add PATH, then git commit; gitreg status tells more"
        )
    if len(found) > 1:
        paths = " and ".join(escape(entry.path) for entry in found)
        raise FormatError(f"two pointers are called '{model}': {paths}", hint="rename or remove one, and commit")
    return found[0]


def read_pointers(repo: Repository, entries: list[TreeEntry]) -> list[CommittedPointer]:
    """The well-formed pointers among these blobs."""
    with ObjectReader(repo) as reader:
        answers = list(reader.read_many(entry.oid for entry in entries))
    pairs = zip(entries, answers, strict=True)
    return [found for entry, answer in pairs if (found := _parsed(entry, answer)) is not None]


def _parsed(entry: TreeEntry, answer: object) -> CommittedPointer | None:
    if not isinstance(answer, GitObject):
        return None
    try:
        return CommittedPointer(entry.path, entry.oid, answer.data, parse_pointer(answer.data, escape(entry.path)))
    except GitregError:
        return None
