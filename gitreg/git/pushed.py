"""What git tells the hooks of a receiving repository: one line for each ref that is to change, or has changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from gitreg.core.oid import Oid
from gitreg.core.text import escape
from gitreg.errors import FormatError
from gitreg.git.repository import pathspecs

if TYPE_CHECKING:
    from gitreg.git.repository import Repository


class PushedRef(NamedTuple):
    """A ref and what it points at before and after; None: it does not exist."""

    name: str
    old: Oid | None
    new: Oid | None


def parse_pushed(lines: Sequence[str]) -> list[PushedRef]:
    """Read a hook's standard input (githooks(5), pre-receive).  Raises FormatError."""
    return [_parse(line) for line in lines]


def continues(repo: Repository, old: Oid, new: Oid) -> bool:
    """Whether `new` is on top of `old`."""
    return not repo.git.text("rev-list", "--max-count=1", Oid.parse(old), f"^{Oid.parse(new)}")


def leaves_alone(repo: Repository, old: Oid, new: Oid, paths: Sequence[str]) -> bool:
    """Whether the line of first parents from `new` leads back to `old`, and no commit on it changes any of `paths`.

    False may also mean that this is not the place to tell: the answer is for what is so in nearly every push.
    """
    between = ("--first-parent", Oid.parse(new), f"^{Oid.parse(old)}")
    line = repo.git.text("rev-list", "--parents", *between).split("\n")
    if line[-1].split(" ")[1:2] != [old] and new != old:
        return False
    return not repo.git.text("rev-list", "--max-count=1", *between, "--", *pathspecs(paths))


def _parse(line: str) -> PushedRef:
    fields = line.split(" ", 2)
    if len(fields) != 3 or not fields[2].startswith("refs/"):
        raise FormatError(f"not what git tells a hook: '{escape(line[:200])}'")
    return PushedRef(fields[2], _oid(fields[0]), _oid(fields[1]))


def _oid(text: str) -> Oid | None:
    oid = Oid.parse(text)
    return None if oid.is_null else oid
