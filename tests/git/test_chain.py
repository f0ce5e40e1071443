"""Trees written file by file, and refs that are moved on from exactly where they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitreg.core.oid import Oid
from gitreg.errors import RefusedError, UsageError
from gitreg.git.chain import commits_after, move_ref
from gitreg.git.objects import write_object
from gitreg.git.refs import resolve
from gitreg.git.repository import Repository
from gitreg.git.tree import put_files

REF = "refs/gitreg/log"


def commit(repo: Repository, tree: Oid, parent: Oid | None = None) -> Oid:
    parents = f"parent {parent}\n" if parent else ""
    who = "a <a> 1790000000 +0000"
    return write_object(repo, "commit", f"tree {tree}\n{parents}author {who}\ncommitter {who}\n\nx\n".encode())


def test_files_are_put_into_a_tree_beside_what_is_there(git_repo: Path, sh) -> None:
    """A model's state must not cost another one's, nor what the user has staged."""
    repo = Repository.discover(git_repo)
    (git_repo / "staged").write_text("mine")
    sh(git_repo, "git", "add", "staged")
    first = put_files(repo, None, {"team/ner/#dev": b"one\n", "mnist/@v1/@v1.0.0": b"two\n"})
    second = put_files(repo, first, {"team/ner/#dev": b"three\n", "team/#dev": b"four\n"})
    listed = sh(git_repo, "git", "ls-tree", "-r", "--name-only", second).split()
    assert listed == ["mnist/@v1/@v1.0.0", "team/#dev", "team/ner/#dev"]
    assert sh(git_repo, "git", "show", f"{second}:team/ner/#dev") == "three"
    assert sh(git_repo, "git", "status", "--porcelain") == "A  staged"
    assert put_files(repo, second, {}) == second


@pytest.mark.parametrize("path", ["../x", "/x", "a//b", ".git/x", "a\nb", ""])
def test_paths_that_lead_elsewhere_are_refused(git_repo: Path, path: str) -> None:
    with pytest.raises(UsageError):
        put_files(Repository.discover(git_repo), None, {path: b""})


def test_a_ref_moves_only_from_where_it_was(git_repo: Path) -> None:
    """Two writers at once: one must lose, or a receipt would."""
    repo = Repository.discover(git_repo)
    tree = put_files(repo, None, {})
    one = commit(repo, tree)
    two, other = commit(repo, tree, one), commit(repo, put_files(repo, tree, {"x": b""}), one)
    move_ref(repo, REF, one, None)
    with pytest.raises(RefusedError):
        move_ref(repo, REF, two, None)
    move_ref(repo, REF, two, one)
    with pytest.raises(RefusedError):
        move_ref(repo, REF, other, one)
    assert resolve(repo, REF) == two
    assert commits_after(repo, None, two) == [one, two]
    assert (commits_after(repo, one, two), commits_after(repo, two, one)) == ([two], [])
