"""Finding repositories: work trees, bare ones, hooks, odd paths, and an environment that points elsewhere."""

import os
from pathlib import Path

import pytest

from gitreg.errors import GitError, NotARegistryError, UsageError
from gitreg.git.head import Detached, OnBranch, Unborn, default_branch, head, is_shallow
from gitreg.git.init import init_repository
from gitreg.git.repository import Repository
from tests.git.making import init_bare


def commit_file(sh, repo: Path, name="a.txt", text="a"):
    (repo / name).write_text(text)
    sh(repo, "git", "add", name)
    sh(repo, "git", "commit", "-qm", f"add {name}")
    return sh(repo, "git", "rev-parse", "HEAD")


@pytest.mark.parametrize("name", ["repo", "with space", "ünï-模型", "-dash", "qu'ote\"$(id)"])
def test_discovers_from_a_folder_inside_whatever_the_path_is_called(tmp_path, name):
    repo = init_repository(tmp_path / name)
    inside = tmp_path / name / "models" / "deep"
    inside.mkdir(parents=True)
    found = Repository.discover(inside)
    assert (found.root, found.git_dir, found.common_dir) == (repo.root, repo.git_dir, repo.git_dir)
    assert found.root == (tmp_path / name).resolve()
    assert found.object_format == "sha1"
    assert found.local_state == found.git_dir / "gitreg"


def test_relative_start_works_too(git_repo, monkeypatch):
    monkeypatch.chdir(git_repo)
    assert Repository.discover(Path()).root == git_repo.resolve()


def test_no_repository_is_an_error_of_its_own_with_exit_code_128(tmp_path):
    with pytest.raises(NotARegistryError) as caught:
        Repository.discover(tmp_path)
    assert caught.value.exit_code == 128


def test_missing_directory_is_a_clear_error(tmp_path):
    with pytest.raises(GitError, match="nowhere"):
        Repository.discover(tmp_path / "nowhere")


def test_bare_repository_has_no_root_and_says_so(tmp_path):
    bare = init_bare(tmp_path / "bare.git")
    assert bare.root is None
    assert bare.git_dir == tmp_path / "bare.git"
    with pytest.raises(GitError, match="work tree"):
        _ = bare.work_tree


def test_linked_work_trees_share_one_place_for_local_state(git_repo, tmp_path, sh):
    commit_file(sh, git_repo)
    sh(git_repo, "git", "worktree", "add", "-q", "-b", "other", str(tmp_path / "linked tree"))
    main, linked = Repository.discover(git_repo), Repository.discover(tmp_path / "linked tree")
    assert linked.root == tmp_path / "linked tree"
    assert linked.git_dir != main.git_dir
    assert linked.local_state == main.local_state
    assert head(linked) == OnBranch("other", head(main).oid)


def test_leaked_git_variables_do_not_redirect_a_user_command(git_repo, tmp_path, sh, monkeypatch):
    other = init_repository(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other.git_dir))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.root))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert Repository.discover(git_repo).git_dir == git_repo / ".git"


def test_a_hook_keeps_the_repository_git_started_it_for(tmp_path, git_repo, monkeypatch):
    bare = init_bare(tmp_path / "bare.git")
    monkeypatch.chdir(bare.git_dir)
    monkeypatch.setenv("GIT_DIR", ".")
    monkeypatch.setenv("GIT_QUARANTINE_PATH", "/quarantine")
    found = Repository.for_hook(git_repo)
    assert found.git_dir == bare.git_dir
    assert found.git.environment["GIT_QUARANTINE_PATH"] == "/quarantine"


def test_receive_pack_inside_dot_git_is_not_taken_for_a_work_tree(git_repo, monkeypatch):
    monkeypatch.chdir(git_repo / ".git")
    monkeypatch.setenv("GIT_DIR", ".")
    assert Repository.for_hook(Path()).root is None


def test_sha256_repositories_are_known_as_such(tmp_path, sh):
    sh(tmp_path, "git", "init", "-q", "--object-format=sha256", "new")
    repo = Repository.discover(tmp_path / "new")
    assert repo.object_format == "sha256"
    commit_file(sh, tmp_path / "new")
    assert len(head(repo).oid) == 64


def test_head_is_unborn_then_on_a_branch_then_detached(git_repo, sh):
    repo = Repository.discover(git_repo)
    assert head(repo) == Unborn("main")
    oid = commit_file(sh, git_repo)
    assert head(repo) == OnBranch("main", oid)
    sh(git_repo, "git", "switch", "-q", "-c", "ветка/ü")
    assert head(repo) == OnBranch("ветка/ü", oid)
    sh(git_repo, "git", "switch", "-q", "--detach")
    assert head(repo) == Detached(oid)


def test_default_branch_follows_origin_then_configuration_then_head(git_repo, tmp_path, sh):
    assert default_branch(Repository.discover(git_repo)) == "main"
    sh(git_repo, "git", "symbolic-ref", "HEAD", "refs/heads/trunk")
    commit_file(sh, git_repo)
    assert default_branch(Repository.discover(git_repo)) == "trunk"
    sh(tmp_path, "git", "clone", "-q", str(git_repo), "clone")
    sh(tmp_path / "clone", "git", "switch", "-q", "-c", "topic")
    assert default_branch(Repository.discover(tmp_path / "clone")) == "trunk"
    assert default_branch(init_bare(tmp_path / "bare.git")) == "main"


def test_a_shallow_clone_is_told_from_a_whole_one(git_repo, tmp_path, sh):
    commit_file(sh, git_repo)
    commit_file(sh, git_repo, "b.txt")
    sh(tmp_path, "git", "clone", "-q", "--depth=1", f"file://{git_repo}", "shallow")
    assert is_shallow(Repository.discover(tmp_path / "shallow"))
    assert not is_shallow(Repository.discover(git_repo))


def test_paths_are_named_from_the_top_and_never_lead_outside(git_repo, tmp_path, monkeypatch):
    repo = Repository.discover(git_repo)
    (git_repo / "models").mkdir()
    (git_repo / "models" / "out").symlink_to(tmp_path)
    monkeypatch.chdir(git_repo / "models")
    assert repo.relative(Path("mnist.gitreg")) == "models/mnist.gitreg"
    assert repo.relative(Path("..") / "top.gitreg") == "top.gitreg"
    assert repo.relative(Path("out")) == "models/out"
    for outside in (Path("../../x"), Path("out/x"), Path("/etc/passwd"), Path("../..")):
        with pytest.raises(UsageError, match="outside"):
            repo.relative(outside)


def test_init_respects_the_users_first_branch_and_else_takes_main(tmp_path, sh, isolated_environment):
    config = isolated_environment / ".gitconfig"
    sh(tmp_path, "git", "config", "--global", "init.defaultBranch", "trunk")
    assert head(init_repository(tmp_path / "a")) == Unborn("trunk")
    config.write_text("")
    assert head(init_repository(tmp_path / "b")) == Unborn("main")


def test_init_leaves_an_existing_repository_as_it_is(git_repo, sh):
    oid = commit_file(sh, git_repo)
    assert head(init_repository(git_repo)) == OnBranch("main", oid)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_dubious_ownership_comes_with_gits_own_remedy(git_repo, monkeypatch):
    os.chown(git_repo, 12345, 12345)
    os.chown(git_repo / ".git", 12345, 12345)
    with pytest.raises(GitError, match="dubious ownership") as caught:
        Repository.discover(git_repo)
    assert "safe.directory" in caught.value.hint
