"""Configuration is git's own: includes, types and identity by its rules."""

import os
import shutil

import pytest

from gitreg.errors import GitError
from gitreg.git.config import (
    Identity,
    committer,
    get_config,
    get_config_path,
    get_config_section,
    set_config,
    unset_config,
)
from gitreg.git.repository import Repository


@pytest.fixture
def repo(git_repo):
    return Repository.discover(git_repo)


@pytest.mark.parametrize(
    "value", ["plain", "-dash", "--unset", "", "ünï 模型", "two\nlines", ' "quotes" # ; \\ ', "tab\t"]
)
def test_values_survive_as_they_are(repo, value):
    set_config(repo, "gitreg.x", value)
    assert get_config(repo, "gitreg.x") == value


def test_setting_replaces_and_unsetting_forgives(repo, sh):
    sh(repo.root, "git", "config", "--add", "gitreg.x", "1")
    sh(repo.root, "git", "config", "--add", "gitreg.x", "2")
    set_config(repo, "gitreg.x", "3")
    assert sh(repo.root, "git", "config", "--get-all", "gitreg.x") == "3"
    unset_config(repo, "gitreg.x")
    unset_config(repo, "gitreg.x")
    assert get_config(repo, "gitreg.x") is None


def test_paths_expand_the_home_directory(repo, isolated_environment):
    set_config(repo, "user.signingKey", "~/key.pub")
    assert get_config_path(repo, "user.signingKey") == isolated_environment / "key.pub"
    assert get_config_path(repo, "gitreg.none") is None


def test_a_section_is_read_at_once_and_its_name_is_no_regexp(repo):
    set_config(repo, "gitreg.remote.a.b.key", "1")
    set_config(repo, "gitreg.remote.a.b.other", "two\nlines")
    set_config(repo, "gitreg.remote.axb.key", "3")
    assert get_config_section(repo, "gitreg.remote.a.b.") == {"key": "1", "other": "two\nlines"}
    assert get_config_section(repo, "gitreg.none.") == {}


def test_conditional_includes_are_followed(repo, isolated_environment, sh):
    (isolated_environment / "work").write_text("[user]\n\temail = work@example.com\n")
    sh(repo.root, "git", "config", "--global", f"includeIf.gitdir:{repo.root}/.path", "~/work")
    assert get_config(repo, "user.email") == "work@example.com"


def test_usual_files_are_read_by_one_git(repo, isolated_environment, monkeypatch, tmp_path):
    """Every command begins with them, and what its own git is told is no file to look for."""
    git, calls = shutil.which("git"), tmp_path / "calls"
    (tmp_path / "git").write_text(f'#!/bin/sh\necho "$@" >>{calls}\nexec {git} "$@"\n')
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    fresh = Repository.discover(repo.root)
    calls.unlink()
    assert get_config(fresh, "user.name") == "Test Person"
    assert len(calls.read_text().splitlines()) == 1


def test_what_changes_is_read_again_wherever_it_stands(repo, isolated_environment, sh):
    """One program asks for years; the person configures beside it."""
    included, below = repo.git_dir / "more", repo.root / "a" / "b"
    below.mkdir(parents=True)
    set_config(repo, "include.path", "more")
    seen_from_below = Repository.discover(below)
    for value in ("1", "2"):  # of one length, so that only the file itself tells
        included.write_text(f"[gitreg]\n\tx = {value}\n")
        assert (get_config(repo, "gitreg.x"), get_config(seen_from_below, "gitreg.x")) == (value, value)
    sh(repo.root, "git", "config", "--add", "include.path", "later")
    assert get_config(repo, "gitreg.z") is None
    (repo.git_dir / "later").write_text("[gitreg]\n\tz = 1\n")
    assert get_config(repo, "gitreg.z") == "1"
    sh(repo.root, "git", "config", "--global", "gitreg.y", "1")
    assert get_config(repo, "gitreg.y") == "1"
    (isolated_environment / ".gitconfig").unlink()
    assert get_config(repo, "gitreg.y") is None


def test_a_value_for_one_branch_is_not_kept_for_another(repo, isolated_environment, sh):
    (isolated_environment / "feature").write_text("[gitreg]\n\tx = feature\n")
    sh(repo.root, "git", "config", "--global", "includeIf.onbranch:feature.path", "~/feature")
    assert get_config(repo, "gitreg.x") is None
    sh(repo.root, "git", "switch", "-q", "-c", "feature")
    assert get_config(repo, "gitreg.x") == "feature"


def test_names_are_folded_as_git_folds_them(repo, sh):
    sh(repo.root, "git", "config", "Gitreg.Remote.Store.SeenUrl", "x")
    assert get_config(repo, "gitreg.Remote.Store.seenURL") == "x"
    assert get_config(repo, "gitreg.remote.store.seenUrl") is None
    assert get_config_section(repo, "gitreg.Remote.Store.") == {"seenurl": "x"}


def test_a_broken_file_is_an_error_with_its_line(repo):
    (repo.git_dir / "config").open("a").write("[broken\n")
    with pytest.raises(GitError, match="bad config line"):
        get_config(repo, "user.name")


def test_the_committer_is_who_git_says(repo, monkeypatch):
    monkeypatch.setenv("GIT_COMMITTER_DATE", "1700000000 +0530")
    who = committer(Repository.discover(repo.root))
    assert who == Identity("Test Person", "person@example.com", 1700000000, "+0530")
    assert str(Repository.discover(repo.root).git.text("var", "GIT_COMMITTER_IDENT")) == str(who)


def test_without_an_identity_the_hint_says_how_to_set_one(repo, isolated_environment):
    (isolated_environment / ".gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
    with pytest.raises(GitError) as caught:
        committer(repo)
    assert "user.email" in caught.value.hint
