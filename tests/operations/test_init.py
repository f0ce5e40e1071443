"""Init: what a repository becomes, and when it is refused without leaving anything behind."""

from __future__ import annotations

from pathlib import Path

import pytest

import gitreg
from gitreg.core.names import StageName
from gitreg.core.remote_url import RemoteUrl
from gitreg.errors import NotARegistryError, RefusedError, SigningError, UsageError
from gitreg.operations.add import AddRequest
from gitreg.operations.context import Settings
from gitreg.operations.init import InitRequest


@pytest.fixture
def key(tmp_path: Path, sh) -> Settings:
    sh(tmp_path, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "key")
    return Settings(key=str(tmp_path / "key"))


def test_a_new_registry_has_its_files_committed_and_nothing_else_changed(git_repo: Path, key: Settings, sh):
    (git_repo / "mine.txt").write_text("staged before")
    sh(git_repo, "git", "add", "mine.txt")
    made = gitreg.init(git_repo, settings=key)
    assert (made.branch, made.admin, made.hooks) == ("main", "person@example.com", ("pre-push",))
    assert sh(git_repo, "git", "show", "--name-only", "--format=", "HEAD").split() == [
        ".gitreg/allowed_signers",
        ".gitreg/config.toml",
        ".gitreg/policy.toml",
    ]
    assert sh(git_repo, "git", "status", "--porcelain") == "A  mine.txt"
    assert gitreg.open(git_repo).models() == ()


def test_a_registry_is_not_made_twice(git_repo: Path, key: Settings, sh):
    gitreg.init(git_repo, settings=key)
    before = sh(git_repo, "git", "rev-parse", "HEAD")
    with pytest.raises(RefusedError, match="a registry already"):
        gitreg.init(git_repo, settings=key)
    assert sh(git_repo, "git", "rev-parse", "HEAD") == before


def test_without_a_key_nothing_is_written(git_repo: Path):
    with pytest.raises(SigningError, match="no signing key") as refused:
        gitreg.init(git_repo)
    assert "--new-key" in str(refused.value.hint)
    assert not (git_repo / ".gitreg").exists()


def test_a_new_key_is_made_for_the_owner_only_and_found_again(git_repo: Path, isolated_environment: Path):
    made = gitreg.init(git_repo, InitRequest(new_key=True))
    assert made.key_file == isolated_environment / ".ssh" / "id_ed25519_gitreg"
    assert made.key_file.stat().st_mode & 0o077 == 0
    (git_repo / "model").mkdir()
    (git_repo / "model" / "w").write_bytes(b"w")
    registry = gitreg.open(git_repo)
    registry.add(AddRequest(git_repo / "model", commit_message="Add"))
    assert registry.register("model").by == "person@example.com"


def test_a_second_registry_takes_the_key_that_was_made_for_the_first(tmp_path: Path, sh):
    for name in ("one", "two"):
        sh(tmp_path, "git", "init", "-q", name)
    first = gitreg.init(tmp_path / "one", InitRequest(new_key=True))
    second = gitreg.init(tmp_path / "two", InitRequest(new_key=True))
    assert first.key == second.key


def test_the_key_that_was_made_signs_in_other_clones_too(git_repo: Path, tmp_path: Path, sh):
    gitreg.init(git_repo, InitRequest(new_key=True))
    (git_repo / "model").write_bytes(b"m")
    gitreg.open(git_repo).add(AddRequest(git_repo / "model", commit_message="Add"))
    sh(tmp_path, "git", "clone", "-q", "repo", "clone")
    registry = gitreg.open(tmp_path / "clone")
    registry.fetch(objects=False)
    registry.context.repo.local_state.mkdir(exist_ok=True)
    sh(tmp_path, "cp", "-r", "repo/.git/gitreg/.", "clone/.git/gitreg/")
    assert registry.register("model").by == "person@example.com"


@pytest.mark.parametrize("kind", ["nothing", "detached"])
def test_where_there_is_no_branch_to_protect(tmp_path: Path, git_repo: Path, key: Settings, sh, kind: str):
    if kind == "nothing":
        with pytest.raises(NotARegistryError):
            gitreg.init(tmp_path, settings=key)
        return
    sh(git_repo, "git", "commit", "-q", "--allow-empty", "-m", "First")
    sh(git_repo, "git", "checkout", "-q", "--detach")
    with pytest.raises(RefusedError, match="detached"):
        gitreg.init(git_repo, settings=key)
    assert not (git_repo / ".gitreg").exists()


def test_stages_and_remote_are_as_asked_for(git_repo: Path, key: Settings, tmp_path: Path):
    remote = RemoteUrl.parse(f"file://{tmp_path}/store")
    gitreg.init(git_repo, InitRequest(remote=remote, stages=(StageName("live"),)), key)
    registry = gitreg.open(git_repo, key)
    assert registry.context.config.remotes == {"origin": remote}
    assert "[stages.live]" in (git_repo / ".gitreg" / "policy.toml").read_text()


def test_an_email_that_cannot_be_a_principal_is_refused_before_anything_is_written(git_repo: Path, key: Settings, sh):
    sh(git_repo, "git", "config", "user.email", "a b@example.com")
    with pytest.raises(UsageError, match=r"user\.email"):
        gitreg.init(git_repo, settings=key)
    assert not (git_repo / ".gitreg").exists()
