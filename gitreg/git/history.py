"""Questions about ancestry and about how one path changed.  Answers from the commits alone, never from dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitreg.core.oid import Oid
from gitreg.git.ref_name import check_pattern, check_ref_name
from gitreg.git.refs import TAGS
from gitreg.git.repository import pathspecs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitreg.git.repository import Repository


class Change(NamedTuple):
    """A commit that changed a path that was asked about; `time` is the committer's, in seconds."""

    commit: Oid
    time: int
    parents: tuple[Oid, ...]


def is_ancestor(repo: Repository, oid: Oid, refs: Sequence[str]) -> bool:
    """Whether any of the full ref names reaches the commit `oid`; in a shallow clone False may only mean unknown."""
    if not refs:
        return False
    names = [check_ref_name(ref) for ref in refs]
    found = repo.git.text("for-each-ref", "--count=1", f"--contains={Oid.parse(oid)}", "--format=x", *names)
    return bool(found)


def tags_containing(repo: Repository, commit: Oid, *patterns: str) -> set[str]:
    """Short names of the tags below `refs/tags/` whose commit is `commit` or descends from it."""
    wanted = [check_pattern(TAGS + pattern) for pattern in patterns] or [TAGS]
    listing = repo.git.text("for-each-ref", f"--contains={Oid.parse(commit)}", "--format=%(refname)", *wanted)
    return {line.removeprefix(TAGS) for line in listing.split("\n") if line}


def unreached(repo: Repository, commits: Iterable[Oid], tips: Sequence[Oid]) -> set[Oid]:
    """Those of `commits` that none of `tips` reaches."""
    wanted = {Oid.parse(commit) for commit in commits}
    if not wanted:
        return set()
    lines = [*wanted, *(f"^{Oid.parse(tip)}" for tip in tips)]
    beyond = repo.git.run("rev-list", "--stdin", input="".join(f"{line}\n" for line in lines).encode("ascii"))
    return wanted & {Oid(line) for line in beyond.decode("ascii").split()}


def line_changes(repo: Repository, paths: Sequence[str], tip: Oid, after: Oid | None = None) -> list[Change]:
    """The commits of a branch's own line (first parents) that changed any of `paths`, oldest first.

    With `after`, only those that it does not reach.
    """
    known = [] if after is None else [f"^{Oid.parse(after)}"]
    return _changes(repo, "--first-parent", Oid.parse(tip), *known, "--", *pathspecs(paths))


def is_on_line(repo: Repository, commit: Oid, tip: Oid) -> bool:
    """Whether a commit is `tip` or one of its first parents; False if it is not here any more."""
    if commit == tip:
        return True
    newer = repo.git.attempt("rev-list", "--first-parent", "--parents", Oid.parse(tip), f"^{Oid.parse(commit)}")
    oldest = newer.stdout.decode("ascii").split("\n")[-2:-1]
    return newer.status == 0 and [line.split(" ")[1:2] for line in oldest] == [[commit]]


def merged_changes(repo: Repository, paths: Sequence[str], merge: Change) -> list[Change]:
    """The commits that a merge brought in and that changed any of `paths`, each before its descendants."""
    brought = [Oid.parse(merge.commit), f"^{Oid.parse(merge.parents[0])}"]
    found = _changes(repo, "--topo-order", "--full-history", *brought, "--", *pathspecs(paths))
    return [change for change in found if change.commit != merge.commit]


def line_start(repo: Repository, tip: Oid) -> Oid:
    """Where a branch's own line begins; in a shallow clone, where it was cut."""
    line = _rev_list(repo, "--first-parent", "--max-parents=0", Oid.parse(tip))
    return Oid.parse(line[-1])


def _rev_list(repo: Repository, *args: str) -> list[str]:
    return repo.git.text("rev-list", *args).split()


def _changes(repo: Repository, *args: str) -> list[Change]:
    listing = repo.git.text("rev-list", "--reverse", "--no-commit-header", "--format=%H %ct %P", *args)
    fields = (line.split(" ") for line in listing.split("\n") if line)
    return [
        Change(Oid.parse(commit), int(time), tuple(map(Oid.parse, filter(None, parents))))
        for commit, time, *parents in fields
    ]
