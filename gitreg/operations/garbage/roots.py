"""Why bytes must be kept: every manifest that anything in this clone names, and who names it.

Not only well-formed pointers count: one in conflict, or a tag that does not verify, names its bytes all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from gitreg.core.digest import Digest
from gitreg.core.oid import Oid
from gitreg.core.reference import POINTER_SUFFIX
from gitreg.core.text import escape
from gitreg.errors import FormatError, GitError
from gitreg.git.ever import blobs_ever, staged_blobs, work_trees
from gitreg.git.objects import GitObject, ObjectReader, TreeEntry, Unreadable, list_tree
from gitreg.git.refs import TAGS, Ref, list_refs
from gitreg.git.repository import Repository

_BRANCH = re.compile("refs/(?:heads|remotes|gitreg/gc/heads)/")
_DIGEST = re.compile(rb"blake3:([0-9a-f]{64})(?![0-9a-f])")


class Reason(Enum):
    """How a name leads to bytes; the strongest first."""

    REF = "named by this ref"
    TIP = "at the tip of a branch"
    HISTORY = "in a commit that a ref reaches"
    STAGED = "staged"
    WORK_TREE = "in the working tree"
    REFLOG = "in a commit that only a reflog reaches"


class Root(NamedTuple):
    """A name (a tag, another ref, a pointer's path), and a manifest that it keeps."""

    ref: str
    reason: Reason
    manifest: Digest


def roots(repo: Repository) -> list[Root]:
    """Everything that names a manifest, each name once for each manifest.  Raises GitError if not all can be read."""
    history = blobs_ever(repo, POINTER_SUFFIX, reflogs=False)
    with ObjectReader(repo) as reader:
        found = [
            *_of_refs(repo, reader),
            *_of_blobs(reader, history, Reason.HISTORY),
            *_of_places(repo, reader),
            *_of_blobs(reader, blobs_ever(repo, POINTER_SUFFIX, reflogs=True) - history, Reason.REFLOG),
        ]
    strongest: dict[tuple[str, Digest], Root] = {}
    for root in found:
        strongest.setdefault((root.ref, root.manifest), root)
    return list(strongest.values())


def _of_refs(repo: Repository, reader: ObjectReader) -> Iterator[Root]:
    """Tags name their manifest in the message; approvals are blobs; a tree may hold pointers."""
    refs = list_refs(repo)
    gone = [ref.name for ref in refs if ref.object_type == "missing"]
    if gone:
        raise GitError(f"the object that {escape(gone[0])} points at is not here", hint="git fsck tells more")
    spoken = [ref for ref in refs if ref.object_type in {"tag", "blob"}]
    for ref, data in zip(spoken, _read(reader, [ref.oid for ref in spoken]), strict=True):
        for manifest in _digests(data):
            yield Root(_short(ref), Reason.REF, manifest)
    for ref in refs:
        if ref.object_type == "tree":
            yield from _of_blobs(reader, list_tree(repo, ref.oid, POINTER_SUFFIX), Reason.REF)
    tips = {ref.oid for ref in refs if ref.object_type == "commit" and _BRANCH.match(ref.name)}
    pointers = {entry for tip in sorted(tips) for entry in list_tree(repo, tip, POINTER_SUFFIX)}
    yield from _of_blobs(reader, pointers, Reason.TIP)


def _of_places(repo: Repository, reader: ObjectReader) -> Iterator[Root]:
    """Each work tree's index and files.  What is ignored counts too: ignoring a pointer does not give up its bytes."""
    for place in work_trees(repo):
        there = repo if place == repo.root else Repository.discover(place)
        if there.common_dir != repo.common_dir:
            raise GitError(
                f"{escape(str(place))} is no longer a work tree of this repository", hint="git worktree repair"
            )
        yield from _of_blobs(reader, staged_blobs(there, POINTER_SUFFIX), Reason.STAGED)
        for path in _pointer_files(there):
            for manifest in _digests(_content(place / path)):
                yield Root(path, Reason.WORK_TREE, manifest)


def _of_blobs(reader: ObjectReader, entries: Iterable[TreeEntry], reason: Reason) -> Iterator[Root]:
    ordered = sorted(entries)
    for entry, data in zip(ordered, _read(reader, [entry.oid for entry in ordered]), strict=True):
        for manifest in _digests(data):
            yield Root(entry.path, reason, manifest)


def _pointer_files(repo: Repository) -> list[str]:
    listing = repo.git.run(
        "ls-files", "-z", "--cached", "--others", "--deduplicate", "--", f":(top,glob)**/*{POINTER_SUFFIX}"
    )
    return [path for path in listing.decode("utf-8", "surrogateescape").split("\0") if path]


def _content(path: Path) -> bytes:
    """Empty if there is none: deleted, or a link whose target is not there."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        return b""
    except OSError as error:
        raise GitError(f"cannot read {escape(path.name)}: {error.strerror}", hint="it may name bytes to keep") from None


def _read(reader: ObjectReader, oids: list[Oid]) -> Iterator[bytes]:
    for oid, answer in zip(oids, reader.read_many(oids), strict=True):
        match answer:
            case GitObject():
                yield answer.data
            case Unreadable(error=FormatError()):  # larger than anything of ours
                yield b""
            case _:
                raise GitError(f"object {oid} cannot be read, and may name bytes to keep", hint="git fsck tells more")


def _digests(data: bytes) -> list[Digest]:
    """Each manifest a text mentions: an artifact's own, and those it was made from."""
    return [Digest.from_hex(name) for name in dict.fromkeys(each.decode() for each in _DIGEST.findall(data))]


def _short(ref: Ref) -> str:
    return ref.name.removeprefix(TAGS)
