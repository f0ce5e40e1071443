"""Reading and writing git objects: many reads through one process, each checked against its name."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple, Self, assert_never

from gitreg.core.oid import Oid
from gitreg.core.text import escape
from gitreg.errors import FormatError, UsageError
from gitreg.git.cat_file import Answer, CatFile, GitObject, Missing, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from gitreg.git.repository import Repository

__all__ = [
    "Answer",
    "GitObject",
    "Missing",
    "ObjectReader",
    "TreeEntry",
    "Unreadable",
    "blob_name",
    "list_tree",
    "write_object",
]

DEFAULT_LIMIT: Final = 16 * 1024 * 1024  # pointers, policies, tags and commits are far smaller
# Requests of one round must fit into any system's pipe buffer, or we and git would wait for each other.
_ROUND_BYTES: Final = 4096
_FILE_MODES: Final = ("100644", "100755")


class TreeEntry(NamedTuple):
    """An ordinary file in a commit: its path from the top, and the blob that holds its bytes."""

    path: str
    oid: Oid


class ObjectReader:
    """Reads objects by `<oid>` or `<oid>:<path>` through one `git cat-file` process, for as long as it is entered."""

    def __init__(self, repo: Repository, *, limit: int = DEFAULT_LIMIT) -> None:
        self._cat_file = CatFile(repo.git, limit)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cat_file.stop()

    def read(self, spec: str) -> GitObject | None:
        """One object, or None if there is none.

        VerificationError if it is corrupt or not what its name says; FormatError if it exceeds the limit.
        """
        answer = self._cat_file.ask([_check_spec(spec)])[0]
        match answer:
            case GitObject():
                return answer
            case Missing():
                return None
            case Unreadable():
                raise answer.error
            case _:
                assert_never(answer)

    def read_many(self, specs: Iterable[str]) -> Iterator[Answer]:
        """An answer for each spec, in order; a bad object spoils its own answer only."""
        for requests in _rounds(specs):
            yield from self._cat_file.ask(requests)


def write_object(repo: Repository, kind: str, data: bytes) -> Oid:
    """Store an object of a `kind` ("blob", "tree", "commit", "tag"); git refuses malformed ones (GitError)."""
    written = repo.git.run("hash-object", "-t", kind, "-w", "--stdin", input=data)
    return Oid.parse(written.decode("ascii").strip())


def blob_name(repo: Repository, data: bytes) -> Oid:
    """The name that a blob with these bytes has, stored or not."""
    content = b"blob %d\0" % len(data) + data
    sha = hashlib.sha256(content) if repo.object_format == "sha256" else hashlib.sha1(content, usedforsecurity=False)
    return Oid(sha.hexdigest())


def list_tree(repo: Repository, commit: Oid, suffix: str = ".gitreg", *, below: str = "") -> list[TreeEntry]:
    """The ordinary files of a commit whose path ends in `suffix`, in the folder `below` (ends in "/") or anywhere.

    Links and submodules are no pointers.
    """
    folder = ["--", below] if below else []
    listing = repo.git.run("ls-tree", "-r", "-z", "--full-tree", Oid.parse(commit), *folder)
    return list(_entries(listing.decode("utf-8", "surrogateescape"), suffix))


def _entries(listing: str, suffix: str) -> Iterator[TreeEntry]:
    for line in listing.split("\0"):
        if not line.endswith(suffix) or not line:
            continue
        details, _, path = line.partition("\t")
        mode, _, oid = details.split(" ")
        if mode in _FILE_MODES:
            yield TreeEntry(path, Oid.parse(oid))


def _rounds(specs: Iterable[str]) -> Iterator[list[str]]:
    requests: list[str] = []
    room = _ROUND_BYTES
    for spec in specs:
        size = len(_check_spec(spec).encode("utf-8", "surrogateescape")) + 1
        if requests and size > room:
            yield requests
            requests, room = [], _ROUND_BYTES
        requests.append(spec)
        room -= size
    if requests:
        yield requests


def _check_spec(spec: str) -> str:
    """Only full names and paths below them: git would take anything else for an expression."""
    oid, colon, path = spec.partition(":")
    Oid.parse(oid)
    if not colon:
        return spec
    if not path or "\n" in path or "\0" in path or any(part in ("", ".", "..") for part in path.split("/")):
        raise UsageError(f"not a path inside a commit: {escape(path)}")
    if len(spec) > _ROUND_BYTES:
        raise FormatError("a path inside a commit is too long")
    return spec
