"""Ancestry and the history of a path, for policy and lineage."""

import pytest

from gitreg.core.oid import Oid
from gitreg.errors import GitError
from gitreg.git.history import (
    Change,
    is_ancestor,
    is_on_line,
    line_changes,
    line_start,
    merged_changes,
    tags_containing,
    unreached,
)
from gitreg.git.refs import resolve
from gitreg.git.repository import Repository
from gitreg.git.worktree import commit
from tests.git.making import commit_empty

MAIN = "refs/heads/main"
PATH = ".gitreg/policy ü.toml"


@pytest.fixture
def repo(git_repo):
    return Repository.discover(git_repo)


def put(repo, text, path=PATH):
    (repo.root / path).parent.mkdir(exist_ok=True)
    (repo.root / path).write_text(text)
    return commit(repo, f"policy {text}", [path])


def test_ancestry_is_asked_of_several_branches_at_once(repo, sh):
    base = commit_empty(repo, "base")
    sh(repo.root, "git", "switch", "-q", "-c", "topic")
    topic = commit_empty(repo, "topic")
    assert is_ancestor(repo, base, [MAIN])
    assert not is_ancestor(repo, topic, [MAIN])
    assert is_ancestor(repo, topic, [MAIN, "refs/heads/topic"])
    assert not is_ancestor(repo, topic, [])
    assert not is_ancestor(repo, topic, ["refs/heads/absent"])
    with pytest.raises(GitError):
        is_ancestor(repo, Oid("1" * 40), [MAIN])


def test_a_replaced_parent_does_not_make_an_ancestor(repo, sh):
    """Anyone who can write a replace ref could otherwise bring a commit onto the protected branch."""
    commit_empty(repo, "base")
    sh(repo.root, "git", "switch", "-q", "-c", "topic")
    topic = commit_empty(repo, "topic")
    sh(repo.root, "git", "switch", "-q", "main")
    tip = commit_empty(repo, "tip")
    sh(repo.root, "git", "replace", "--graft", tip, topic)
    assert sh(repo.root, "git", "for-each-ref", "--contains", topic, MAIN) != ""
    assert not is_ancestor(repo, topic, [MAIN])


def test_the_changes_of_a_path_follow_the_branch_itself_and_tell_what_merges_brought(repo, sh, monkeypatch):
    monkeypatch.setenv("GIT_COMMITTER_DATE", "1700000000 +0000")
    repo = Repository.discover(repo.root)
    first = put(repo, "one")
    commit_empty(repo, "unrelated")
    sh(repo.root, "git", "switch", "-q", "-c", "topic")
    topic = [put(repo, "never on main by itself"), put(repo, "two")]
    sh(repo.root, "git", "switch", "-q", "main")
    fork = resolve(repo, MAIN)
    sh(repo.root, "git", "merge", "-q", "--no-ff", "-m", "merge", "topic")
    merge = resolve(repo, MAIN)
    (repo.root / PATH).unlink()
    gone = commit(repo, "gone", [PATH])
    changes = line_changes(repo, [PATH, "another"], gone)
    assert changes == [
        Change(first, 1_700_000_000, ()),
        Change(merge, 1_700_000_000, (fork, topic[1])),
        Change(gone, 1_700_000_000, (merge,)),
    ]
    assert [change.commit for change in merged_changes(repo, [PATH], changes[1])] == topic
    assert [change.commit for change in line_changes(repo, [PATH], first)] == [first]
    assert line_changes(repo, ["nothing/here"], gone) == []
    assert [change.commit for change in line_changes(repo, [PATH], gone, merge)] == [gone]
    assert line_start(repo, gone) == first
    assert all(is_on_line(repo, commit, gone) for commit in (gone, merge, fork, first))
    assert not is_on_line(repo, topic[1], gone)
    assert not is_on_line(repo, gone, merge)
    assert not is_on_line(repo, Oid("1" * 40), gone)


def test_commits_beyond_the_branches_are_told_from_those_on_them(repo, sh):
    base = commit_empty(repo, "base")
    tip = commit_empty(repo, "tip")
    sh(repo.root, "git", "tag", "-a", "-m", "x", "team/m@v1.0.0", base)
    sh(repo.root, "git", "tag", "-a", "-m", "x", "team/m@v2.0.0", tip)
    sh(repo.root, "git", "switch", "-q", "-c", "topic")
    topic = commit_empty(repo, "topic")
    assert unreached(repo, [base, tip, topic], [tip]) == {topic}
    assert unreached(repo, [topic, tip], [base]) == {topic, tip}
    assert unreached(repo, [], [base]) == set()
    assert tags_containing(repo, base, "team/m@*") == {"team/m@v1.0.0", "team/m@v2.0.0"}
    assert tags_containing(repo, tip, "team/m@*") == {"team/m@v2.0.0"}
    assert tags_containing(repo, topic) == set()
