"""A ref that only grows: the commits added to it, and moving it on from exactly where it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitreg.core.oid import Oid
from gitreg.core.text import escape
from gitreg.errors import RefusedError
from gitreg.git.ref_name import check_ref_name
from gitreg.git.refs import resolve

if TYPE_CHECKING:
    from gitreg.git.repository import Repository


def commits_after(repo: Repository, start: Oid | None, tip: Oid) -> list[Oid]:
    """The commits along first parents from `tip` back to what `start` (None: nothing) reaches, oldest first."""
    hidden = [f"^{Oid.parse(start)}"] if start else []
    return [
        Oid(oid) for oid in repo.git.text("rev-list", "--first-parent", "--reverse", Oid.parse(tip), *hidden).split()
    ]


def move_ref(repo: Repository, name: str, new: Oid, old: Oid | None) -> None:
    """Point a ref elsewhere if it still is at `old` (None: if there is none yet); RefusedError if it is not."""
    # an old value of zeros is git's way to say that there must be none
    command = f"update {check_ref_name(name)}\0{Oid.parse(new)}\0{old or '0' * len(new)}\0"
    outcome = repo.git.attempt("update-ref", "--stdin", "-z", input=command.encode("utf-8"))
    if outcome.status == 0:
        return
    if resolve(repo, name) != old:
        raise RefusedError(f"{escape(name)} was changed by somebody else meanwhile", hint="try again")
    raise outcome.error()
