"""Pushing: all refs or none, tags only where the remote has none of that name, and one result for each ref."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gitreg.core.oid import Oid
from gitreg.core.text import escape
from gitreg.errors import UsageError
from gitreg.git.command import progress_options
from gitreg.git.ref_name import check_ref_name
from gitreg.git.remote import check_remote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitreg.git.repository import Repository


@dataclass(frozen=True, slots=True)
class Create:
    """Make `target` on the remote point at `source` (a full ref name or an oid), provided it does not exist there."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Advance:
    """Move `target` on the remote forward to `source`, creating it if need be; never backwards."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove `target` on the remote, provided it is still `expected` there."""

    target: str
    expected: Oid


Update = Create | Advance | Delete


class Cause(enum.Enum):
    """Why a ref was not accepted; the values are for messages."""

    TAKEN = "exists on the remote already"
    BEHIND = "the remote has commits that are not here"
    REFUSED = "refused by the remote"
    CONTENDED = "being changed on the remote at this moment"
    WITH_ANOTHER = "not pushed because another ref was refused"
    UNKNOWN = "not accepted"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The remote's `ref` now points where it should."""

    ref: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The remote's `ref` pointed there before."""

    ref: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The remote's `ref` is as it was; `reason` is git's own wording, escaped."""

    ref: str
    cause: Cause
    reason: str


RefResult = Accepted | Unchanged | Rejected


@dataclass(frozen=True, slots=True)
class PushReport:
    """What became of each ref, and what the remote's hooks said (escaped lines)."""

    results: tuple[RefResult, ...]
    remarks: tuple[str, ...]

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """The refs that did not go through; since pushes are atomic, then none did."""
        return tuple(result for result in self.results if isinstance(result, Rejected))


def push(repo: Repository, remote: str, updates: Sequence[Update]) -> PushReport:
    """Push atomically; a refusal of the remote is a result, not being able to ask it is a GitError."""
    if not updates:
        raise UsageError("nothing to push")
    outcome = repo.git.converse(
        "push",
        "--porcelain",
        "--atomic",
        "--no-follow-tags",
        *progress_options(),
        *(_lease(update) for update in updates if not isinstance(update, Advance)),
        "--end-of-options",
        check_remote(remote),
        *(_refspec(update) for update in updates),
    )
    remarks = _remarks(outcome.stderr)
    report = PushReport(tuple(_parse_results(outcome.stdout, _blamed(remarks))), remarks)
    if outcome.status != 0 and not report.rejected:
        raise outcome.error()
    return report


# What git says, in the order in which it must be looked for: "[rejected]" alone may mean any of them.
_ALL_FAILED: Final = "atomic transaction failed"
_CAUSES: Final = (
    (_ALL_FAILED, Cause.UNKNOWN),
    ("atomic", Cause.WITH_ANOTHER),
    ("stale info", Cause.TAKEN),
    ("already exists", Cause.TAKEN),
    ("cannot lock ref", Cause.CONTENDED),
    ("failed to update ref", Cause.CONTENDED),
    ("non-fast-forward", Cause.BEHIND),
    ("fetch first", Cause.BEHIND),
    ("hook declined", Cause.REFUSED),
    ("remote rejected", Cause.REFUSED),
)
_FLAGS: Final = (" ", "+", "*", "-", "=", "!")
_LOCK_FAILED: Final = re.compile(r"cannot lock ref '([^']+)': (.+)")


def _lease(update: Create | Delete) -> str:
    # An empty expectation means "must not exist"; the remote checks it again under its own lock.
    expected = Oid.parse(update.expected) if isinstance(update, Delete) else ""
    return f"--force-with-lease={check_ref_name(update.target)}:{expected}"


def _refspec(update: Update) -> str:
    if isinstance(update, Delete):
        return f":{check_ref_name(update.target)}"
    source = update.source
    start = check_ref_name(source) if source.startswith("refs/") else Oid.parse(source)
    return f"{start}:{check_ref_name(update.target)}"


def _parse_results(stdout: bytes, blamed: dict[str, Cause]) -> list[RefResult]:
    # A pre-push hook of the user's may print anything into the same stream; results have two tabs and a known flag.
    lines = (line.split("\t") for line in stdout.decode("utf-8", "surrogateescape").split("\n"))
    results = (fields for fields in lines if len(fields) == 3 and fields[0] in _FLAGS and ":" in fields[1])
    return [_result(flag, refs.rpartition(":")[2], summary, blamed) for flag, refs, summary in results]


def _result(flag: str, ref: str, summary: str, blamed: dict[str, Cause]) -> RefResult:
    if flag == "!":
        return Rejected(ref, _cause(ref, summary, blamed), escape(summary))
    return Unchanged(ref) if flag == "=" else Accepted(ref)


def _cause(ref: str, summary: str, blamed: dict[str, Cause]) -> Cause:
    if _ALL_FAILED in summary and blamed:
        return blamed.get(ref, Cause.WITH_ANOTHER)
    return next((cause for sign, cause in _CAUSES if sign in summary), Cause.UNKNOWN)


def _blamed(remarks: tuple[str, ...]) -> dict[str, Cause]:
    """The refs over which a whole transaction failed: of pushes at the same time the loser is told only like this."""
    found = (_LOCK_FAILED.search(line) for line in remarks)
    return {match[1]: _lock_cause(match[2]) for match in found if match}


def _lock_cause(reason: str) -> Cause:
    if "already exists" in reason:
        return Cause.TAKEN
    return Cause.BEHIND if "but expected" in reason else Cause.CONTENDED


def _remarks(stderr: bytes) -> tuple[str, ...]:
    lines = stderr.decode("utf-8", "surrogateescape").replace("\r", "\n").split("\n")
    said = (line.removeprefix("remote:").strip() for line in lines if line.startswith("remote:"))
    return tuple(escape(line) for line in said if line)
