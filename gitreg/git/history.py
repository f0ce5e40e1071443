"""Questions about ancestry and about how one path changed.  Answers from the commits alone, never from dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gitreg.core.oid import Oid
from gitreg.errors import UsageError
from gitreg.git.ref_name import check_pattern, check_ref_name
from gitreg.git.refs import TAGS
from gitreg.git.repository import pathspecs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitreg.git.repository import Repository

# Fields end with NUL and records with a newline; a subject holds neither.
_COMMIT_FORMAT: Final = "--format=%H%x00%an%x00%ae%x00%ct%x00%s"


class CommitInfo(NamedTuple):
    """What a person wants to know of a commit; `time` is the committer's, in seconds, and nothing depends on it."""

    oid: Oid
    author: str
    email: str
    time: int
    subject: str


class PathVersion(NamedTuple):
    """A commit that changed a path, and the blob the path had then (None: it was deleted)."""

    commit: Oid
    blob: Oid | None


def is_ancestor(repo: Repository, oid: Oid, refs: Sequence[str]) -> bool:
    """Whether any of the full ref names reaches the commit `oid`; in a shallow clone False may only mean unknown."""
    if not refs:
        return False
    names = [check_ref_name(ref) for ref in refs]
    found = repo.git.text("for-each-ref", "--count=1", f"--contains={Oid.parse(oid)}", "--format=x", *names)
    return bool(found)


def merged_tags(repo: Repository, branch_refs: Sequence[str], *patterns: str, namespace: str = TAGS) -> set[str]:
    """Short names of the tags whose commit any of the branches reaches, all of them in one question to git."""
    wanted = [check_pattern(namespace + pattern) for pattern in patterns] or [namespace]
    merged = [f"--merged={check_ref_name(ref)}" for ref in branch_refs]
    if not merged:
        return set()
    listing = repo.git.text("for-each-ref", *merged, "--format=%(refname)", *wanted)
    return {line.removeprefix(namespace) for line in listing.split("\n") if line}


def blob_history(repo: Repository, path: str, ref: str) -> list[PathVersion]:
    """How `path` changed along the branch itself (first parents), newest first."""
    if "\n" in path:
        raise UsageError("a path with a line break has no history here")
    commits = _rev_list(repo, "--first-parent", _start(ref), "--", *pathspecs([path]))
    specs = "".join(f"{commit}:{path}\n" for commit in commits)
    answers = repo.git.run("cat-file", "--batch-check=%(objectname)", input=specs.encode("utf-8", "surrogateescape"))
    lines = answers.decode("utf-8", "surrogateescape").split("\n")
    return [PathVersion(Oid(commit), _blob(line)) for commit, line in zip(commits, lines, strict=False)]


def commit_info(repo: Repository, commits: Sequence[Oid]) -> list[CommitInfo]:
    """Author, time and subject of each of `commits`, in their order."""
    if not commits:
        return []
    names = "".join(f"{Oid.parse(commit)}\n" for commit in commits)
    listing = repo.git.run(
        "rev-list",
        "--no-walk=unsorted",
        "--no-commit-header",
        "--encoding=UTF-8",
        _COMMIT_FORMAT,
        "--stdin",
        input=names.encode("ascii"),
    )
    known = {info.oid: info for info in _parse_commits(listing)}
    return [known[commit] for commit in commits]


def commits_touching(repo: Repository, path: str, ref: str, *, limit: int | None = None) -> list[CommitInfo]:
    """Commits reachable from `ref` (a full ref name or an oid) that changed `path`, newest first."""
    count = [] if limit is None else [f"--max-count={limit}"]
    listing = repo.git.run(
        "rev-list",
        "--no-commit-header",
        "--encoding=UTF-8",
        _COMMIT_FORMAT,
        *count,
        _start(ref),
        "--",
        *pathspecs([path]),
    )
    return _parse_commits(listing)


def _rev_list(repo: Repository, *args: str) -> list[str]:
    return repo.git.text("rev-list", *args).split()


def _start(ref: str) -> str:
    return check_ref_name(ref) if ref.startswith("refs/") else Oid.parse(ref)


def _blob(line: str) -> Oid | None:
    return None if line.endswith(" missing") else Oid.parse(line)


def _parse_commits(listing: bytes) -> list[CommitInfo]:
    text = listing.decode("utf-8", "replace")
    return [_commit(line) for line in text.split("\n") if line]


def _commit(line: str) -> CommitInfo:
    oid, author, email, time, subject = line.split("\0", 4)
    return CommitInfo(Oid.parse(oid), author, email, int(time), subject)
