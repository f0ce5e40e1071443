"""Decisions as files below `.gitreg/approvals/MODEL/STAGE/N/`, for hosts that take no refs of gitreg's own.

They are committed and merged like anything else, and prove no more than the same decision as a ref.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gitreg.core.decision import Rejection, Withdrawal
from gitreg.core.decision_file import MAX_BYTES, DecisionFile, format_decision
from gitreg.core.event import ApprovalRecord
from gitreg.core.oid import Oid
from gitreg.errors import StorageError
from gitreg.git.head import Unborn, head
from gitreg.git.objects import ObjectReader, TreeEntry, list_tree
from gitreg.operations.branch import protected_branch
from gitreg.operations.context import Context
from gitreg.operations.decisions.approvals import FiledDecision, folder_of, name_of, parse_answers, parse_filed

FILES = ".gitreg/approvals/"
_SUFFIXES = {ApprovalRecord: ".approval", Rejection: ".rejection", Withdrawal: ".withdrawal"}


def file_in_tree(context: Context, file: DecisionFile) -> str:
    """Write a decision into the working tree, to be committed.  Returns its path from the top."""
    path = f"{FILES}{folder_of(file.request)}{name_of(file)}{_SUFFIXES[type(file.decision)]}"
    place = context.repo.work_tree / path
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(format_decision(file))
    except OSError as error:
        raise StorageError(
            f"cannot write {path}: {error.strerror}", hint="check the disk and its permissions"
        ) from None
    return path


def read_files(context: Context, folder: str = "") -> list[FiledDecision]:
    """The decisions in the working tree, at HEAD and at the protected branch's tip; what is none is mentioned."""
    found = {filed.file: filed for filed in _in_commits(context, FILES + folder)}
    for filed in _in_work_tree(context, FILES + folder):
        found.setdefault(filed.file, filed)
    return list(found.values())


def _in_commits(context: Context, folder: str) -> list[FiledDecision]:
    entries: dict[TreeEntry, None] = {}
    for commit in _commits(context):
        listed = list_tree(context.repo, commit, "", below=folder)
        entries.update(dict.fromkeys(entry for entry in listed if _has_suffix(entry.path)))
    with ObjectReader(context.repo, limit=MAX_BYTES) as reader:
        answers = list(reader.read_many(entry.oid for entry in entries))
    return parse_answers(context, [entry.path for entry in entries], answers)


def _commits(context: Context) -> set[Oid]:
    here = head(context.repo)
    tip = {protected_branch(context.repo).tip}
    return tip if isinstance(here, Unborn) else tip | {here.oid}


def _in_work_tree(context: Context, folder: str) -> Iterator[FiledDecision]:
    if context.repo.root is None:
        return
    for path in sorted((context.repo.root / folder).rglob("*")):
        if _has_suffix(path.name) and path.is_file() and not path.is_symlink():
            filed = parse_filed(context, path.relative_to(context.repo.root).as_posix(), _start_of(path))
            if filed is not None:
                yield filed


def _has_suffix(path: str) -> bool:
    return path.endswith(tuple(_SUFFIXES.values()))


def _start_of(path: Path) -> bytes:
    """The bytes of a file, or enough of them to see that it is too long; nothing of one that can't be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError:
        return b""
