"""Commits hold the paths they were asked to, and the user's own staging, hooks and settings are respected."""

import pytest

from gitreg.errors import GitError, RefusedError
from gitreg.git.head import OnBranch, head
from gitreg.git.repository import Repository
from gitreg.git.worktree import commit, dirty_paths, stage

ODD = [
    "with space.gitreg",
    "ünï/模型.gitreg",
    "*.gitreg",
    "-dash.gitreg",
    ":(top)x.gitreg",
    "q'\"$(id).gitreg",
    "new\nline",
]


@pytest.fixture
def repo(git_repo):
    return Repository.discover(git_repo)


def write(repo, name, text="text"):
    (repo.root / name).parent.mkdir(parents=True, exist_ok=True)
    (repo.root / name).write_text(text)


def committed(sh, repo):
    return sh(repo.root, "git", "-c", "core.quotePath=false", "show", "--name-only", "--format=", "HEAD").split("\n")


def test_the_first_commit_of_a_repository_works(repo):
    write(repo, "a.gitreg")
    oid = commit(repo, "first", ["a.gitreg"])
    assert head(repo) == OnBranch("main", oid)


@pytest.mark.parametrize("name", ODD)
def test_odd_paths_mean_themselves(repo, name, sh):
    write(repo, name)
    write(repo, "other.gitreg")
    assert sorted(dirty_paths(repo)) == sorted([name, "other.gitreg"])
    assert dirty_paths(repo, [name]) == [name]
    commit(repo, "odd", [name])
    assert dirty_paths(repo) == ["other.gitreg"]


def test_what_the_user_staged_stays_staged_and_uncommitted(repo, sh):
    write(repo, "mine.txt", "1")
    commit(repo, "start", ["mine.txt"])
    write(repo, "mine.txt", "2")
    write(repo, "new.txt")
    sh(repo.root, "git", "add", "mine.txt", "new.txt")
    write(repo, "mine.txt", "3")
    write(repo, "a.gitreg")
    commit(repo, "pointer", ["a.gitreg"])
    assert committed(sh, repo) == ["a.gitreg"]
    assert sh(repo.root, "git", "status", "--porcelain") == "MM mine.txt\nA  new.txt"


def test_nothing_new_is_a_refusal_and_no_commit(repo, sh):
    write(repo, "a.gitreg")
    first = commit(repo, "first", ["a.gitreg"])
    for paths in (["a.gitreg"], []):
        with pytest.raises(RefusedError, match="nothing to commit"):
            commit(repo, "again", paths)
    assert head(repo).oid == first


def test_the_message_is_data(repo, sh):
    sh(repo.root, "git", "config", "commit.cleanup", "strip")
    sh(repo.root, "git", "config", "i18n.commitEncoding", "ISO-8859-1")
    write(repo, "a.gitreg")
    commit(repo, "Grüße 模型\n\n# not a comment\n$(id)", ["a.gitreg"])
    assert sh(repo.root, "git", "log", "-1", "--format=%B").strip() == "Grüße 模型\n\n# not a comment\n$(id)"


def test_a_removed_file_can_be_committed(repo, sh):
    write(repo, "a.gitreg")
    commit(repo, "first", ["a.gitreg"])
    (repo.root / "a.gitreg").unlink()
    commit(repo, "gone", ["a.gitreg"])
    assert dirty_paths(repo) == []


def test_the_users_hook_may_refuse_and_its_words_are_shown(repo, sh):
    hook = repo.git_dir / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'no commits on friday' >&2\nexit 1\n")
    hook.chmod(0o755)
    write(repo, "a.gitreg")
    with pytest.raises(GitError, match="no commits on friday"):
        commit(repo, "first", ["a.gitreg"])


def test_the_users_signing_settings_apply(repo, sh, isolated_environment):
    key = isolated_environment / "key"
    sh(repo.root, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    for name, value in {"gpg.format": "ssh", "user.signingKey": f"{key}.pub", "commit.gpgSign": "true"}.items():
        sh(repo.root, "git", "config", name, value)
    write(repo, "a.gitreg")
    oid = commit(repo, "signed", ["a.gitreg"])
    assert "BEGIN SSH SIGNATURE" in sh(repo.root, "git", "cat-file", "commit", oid)


def test_a_split_index_is_no_obstacle(repo, sh):
    write(repo, "a.txt")
    stage(repo, ["a.txt"])
    sh(repo.root, "git", "update-index", "--split-index")
    write(repo, "a.gitreg")
    commit(repo, "pointer", ["a.gitreg"])
    assert sh(repo.root, "git", "status", "--porcelain") == "A  a.txt"


def test_an_ignored_path_is_an_error(repo):
    write(repo, ".gitignore", "*.bin\n")
    write(repo, "x.bin")
    with pytest.raises(GitError, match="ignored"):
        stage(repo, ["x.bin"])


def test_it_works_from_a_folder_below_the_top(repo):
    write(repo, "models/a.gitreg")
    below = Repository.discover(repo.root / "models")
    assert dirty_paths(below) == ["models/a.gitreg"]
    commit(below, "from below", ["models/a.gitreg"])
    assert dirty_paths(repo) == []


def test_a_bare_repository_has_nothing_to_stage(tmp_path, sh):
    sh(tmp_path, "git", "init", "-q", "--bare", "bare")
    with pytest.raises(GitError, match="work tree"):
        dirty_paths(Repository.discover(tmp_path / "bare"))
