"""Talking to other repositories: exclusive pushes, results per ref, and fetching without trusting."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitreg.core.oid import Oid
from gitreg.errors import GitError, NotARegistryError, UsageError
from gitreg.git.network import (
    FetchSpec,
    RemoteRef,
    branches_spec,
    clone,
    fetch,
    ls_remote,
    private_tags,
    tags_spec,
)
from gitreg.git.objects import ObjectReader
from gitreg.git.push import Accepted, Advance, Cause, Create, Delete, Rejected, Unchanged, push
from gitreg.git.refs import create_ref, delete_ref, list_tags, resolve, tags_below
from gitreg.git.remote import is_local_path, local_git_dir, remote_url, remotes
from gitreg.git.repository import Repository
from gitreg.git.worktree import commit
from tests.git.making import commit_empty, init_bare

MAIN, TAG = "refs/heads/main", "refs/tags/m#production#1"


@pytest.fixture
def hub(tmp_path):
    return init_bare(tmp_path / "hub ü.git")


@pytest.fixture
def anna(hub, tmp_path):
    repo = clone(str(hub.git_dir), tmp_path / "anna")
    push(repo, "origin", [Advance(commit_empty(repo, "first"), MAIN)])
    return repo


@pytest.fixture
def ben(hub, anna, tmp_path):
    return clone(f"file://{hub.git_dir}".replace(" ", "%20"), tmp_path / "ben")


def reject_hook(hub, text):
    hook = hub.git_dir / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nprintf '{text}' >&2\nexit 1\n")
    hook.chmod(0o755)


def test_branch_and_tag_go_together_and_a_second_time_change_nothing(anna, hub):
    tip = commit_empty(anna, "second")
    updates = [Advance(tip, MAIN), Create(tip, TAG)]
    assert push(anna, "origin", updates).results == (Accepted(MAIN), Accepted(TAG))
    assert resolve(hub, TAG) == tip
    assert set(push(anna, "origin", updates).results) == {Unchanged(MAIN), Unchanged(TAG)}


def test_a_tag_that_exists_there_stops_everything_that_goes_with_it(anna, ben, hub):
    old = resolve(hub, MAIN)
    push(anna, "origin", [Create(old, TAG)])
    mine = commit_empty(ben, "ben's")
    report = push(ben, "origin", [Advance(mine, MAIN), Create(mine, TAG)])
    assert {result.ref: result.cause for result in report.rejected} == {MAIN: Cause.WITH_ANOTHER, TAG: Cause.TAKEN}
    assert (resolve(hub, MAIN), resolve(hub, TAG)) == (old, old)


def test_a_ref_is_deleted_there_if_it_is_still_what_we_saw(anna, ben, hub):
    """What somebody has put there since we looked would go unseen."""
    old, other = resolve(hub, MAIN), commit_empty(anna, "second")
    push(anna, "origin", [Create(old, TAG)])
    (refused,) = push(ben, "origin", [Delete(TAG, other)]).rejected
    assert (refused.ref, resolve(hub, TAG)) == (TAG, old)
    assert push(ben, "origin", [Delete(TAG, old)]).results == (Accepted(TAG),)
    assert resolve(hub, TAG) is None


def test_of_two_clones_that_promote_at_once_one_push_is_refused(anna, ben, hub, tmp_path):
    """Whatever the timing, the loser must learn that it lost, and why, so that it looks again."""
    for number in range(1, 7):
        ref = f"refs/tags/m#production#{number}"
        contenders = [(repo, commit_empty(repo, f"{number} {repo.root}")) for repo in (anna, ben)]
        with ThreadPoolExecutor(2) as pool:
            pushes = [pool.submit(push, repo, "origin", [Create(oid, ref)]) for repo, oid in contenders]
        reports = [started.result() for started in pushes]
        results = [report.results[0] for report in reports]
        (winner,) = [number for number, result in enumerate(results) if result == Accepted(ref)]
        loser = results[1 - winner]
        assert isinstance(loser, Rejected)
        # a very slow winner may still hold its lock
        assert loser.cause in (Cause.TAKEN, Cause.CONTENDED), loser.reason
        assert resolve(hub, ref) == contenders[winner][1]


def test_a_ref_locked_on_the_remote_is_contended_and_not_taken(anna, hub):
    """A lock may belong to a push that fails: only looking again can tell."""
    tip = resolve(anna, MAIN)
    lock = hub.git_dir / f"{TAG}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    other = "refs/tags/other"
    report = push(anna, "origin", [Create(tip, TAG), Create(tip, other)])
    causes = {result.ref: result.cause for result in report.rejected}
    assert causes == {TAG: Cause.CONTENDED, other: Cause.WITH_ANOTHER}
    lock.unlink()
    assert not push(anna, "origin", [Create(tip, TAG)]).rejected


def test_a_branch_that_moved_on_is_never_pushed_back(anna, ben, hub):
    push(anna, "origin", [Advance(commit_empty(anna, "a"), MAIN)])
    report = push(ben, "origin", [Advance(commit_empty(ben, "b"), MAIN)])
    assert report.rejected[0].cause is Cause.BEHIND


def test_a_servers_hook_is_heard_and_its_words_are_harmless(anna, hub):
    reject_hook(hub, "needs two approvals\\n\\033[31mred\\n")
    report = push(anna, "origin", [Create(resolve(anna, MAIN), TAG)])
    assert report.rejected[0].cause is Cause.REFUSED
    assert report.remarks[0] == "needs two approvals"
    assert "\x1b" not in "".join(report.remarks)
    assert resolve(hub, TAG) is None


def test_the_users_pre_push_hook_runs_and_its_chatter_is_no_result(anna, hub):
    hook = anna.git_dir / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nprintf '*\\trefs/x:refs/tags/fake\\n'; exit 0\n")
    hook.chmod(0o755)
    tip = resolve(anna, MAIN)
    assert push(anna, "origin", [Create(tip, TAG)]).results == (Accepted(TAG),)
    hook.write_text("#!/bin/sh\necho 'not today' >&2; exit 1\n")
    with pytest.raises(GitError, match="not today"):
        push(anna, "origin", [Create(tip, "refs/tags/other")])


def test_settings_of_the_user_push_nothing_extra(anna, hub, sh):
    sh(anna.root, "git", "config", "push.followTags", "true")
    sh(anna.root, "git", "tag", "-a", "-m", "private", "private")
    push(anna, "origin", [Advance(commit_empty(anna, "x"), MAIN)])
    assert list_tags(hub) == []


def test_a_remote_that_is_not_there_is_an_error_and_not_a_result(anna, tmp_path):
    with pytest.raises(GitError, match="does not appear to be a git repository") as caught:
        push(anna, "upstream", [Create(resolve(anna, MAIN), TAG)])
    assert "git remote -v" in caught.value.hint
    with pytest.raises(GitError):
        fetch(anna, str(tmp_path / "gone"), [tags_spec("gone")])


@pytest.mark.parametrize("remote", ["--upload-pack=touch pwned", "-x", "", "ext::sh -c 'touch pwned'", "a\nb"])
def test_remotes_that_would_run_something_are_refused(anna, remote, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for attempt in (
        lambda: push(anna, remote, [Create(resolve(anna, MAIN), TAG)]),
        lambda: fetch(anna, remote, [tags_spec("origin")]),
        lambda: ls_remote(anna, remote),
        lambda: clone(remote, tmp_path / "new"),
    ):
        with pytest.raises((UsageError, GitError)):
            attempt()
    assert not list(tmp_path.rglob("pwned"))


def test_nothing_to_do_is_a_mistake_and_not_a_push_of_everything(anna):
    with pytest.raises(UsageError):
        push(anna, "origin", [])
    with pytest.raises(UsageError):
        fetch(anna, "origin", [])


def test_tags_arrive_in_a_namespace_of_their_own_and_only_there(anna, ben, hub):
    tip = resolve(anna, MAIN)
    push(anna, "origin", [Create(tip, TAG), Create(tip, "refs/tags/team/ner@v1.0.0")])
    fetch(ben, "origin", [branches_spec("origin"), tags_spec("origin")])
    assert list_tags(ben) == []
    there = tags_below(ben, private_tags("origin"))
    assert [tag.name for tag in there] == ["m#production#1", "team/ner@v1.0.0"]
    assert not (ben.git_dir / "FETCH_HEAD").exists()


def test_a_tag_moved_on_the_remote_moves_only_in_the_private_namespace(anna, ben, hub):
    """Plain `git fetch` says nothing about it, and `--tags` fails; here both values can be compared."""
    old = resolve(anna, MAIN)
    push(anna, "origin", [Create(old, TAG)])
    fetch(ben, "origin", [tags_spec("origin")])
    create_ref(ben, TAG, old)
    new = commit_empty(anna, "other")
    push(anna, "origin", [Advance(new, MAIN)])
    delete_ref(hub, TAG, old)
    create_ref(hub, TAG, new)
    fetch(ben, "origin", [tags_spec("origin")])
    assert resolve(ben, TAG) == old
    assert resolve(ben, private_tags("origin") + "m#production#1") == new


def test_pruning_shows_what_the_remote_lost_and_only_when_asked(anna, ben, hub, sh):
    tip = resolve(anna, MAIN)
    push(anna, "origin", [Create(tip, TAG)])
    fetch(ben, "origin", [tags_spec("origin")])
    create_ref(ben, TAG, tip)
    delete_ref(hub, TAG, tip)
    sh(ben.root, "git", "config", "fetch.prune", "true")
    fetch(ben, "origin", [tags_spec("origin")])
    assert len(tags_below(ben, private_tags("origin"))) == 1
    fetch(ben, "origin", [tags_spec("origin")], prune=True)
    assert tags_below(ben, private_tags("origin")) == []
    assert resolve(ben, TAG) == tip


def test_one_stage_can_be_fetched_or_listed_alone(anna, ben):
    tip = resolve(anna, MAIN)
    push(anna, "origin", [Create(tip, TAG), Create(tip, "refs/tags/n@v1.0.0")])
    fetch(ben, "origin", [tags_spec("origin", "m#production#*")])
    assert [tag.name for tag in tags_below(ben, private_tags("origin"))] == ["m#production#1"]
    assert ls_remote(ben, "origin", "refs/tags/m#*") == [RemoteRef(TAG, tip)]
    assert {ref.name for ref in ls_remote(ben, "origin")} == {MAIN, TAG, "refs/tags/n@v1.0.0"}


def test_refspecs_are_checked(anna):
    for spec in (
        FetchSpec("HEAD", "refs/x/y"),
        FetchSpec("refs/tags/*", "--x"),
        FetchSpec("refs/tags/a:b", "refs/x/y"),
    ):
        with pytest.raises(UsageError):
            fetch(anna, "origin", [spec])
    with pytest.raises(UsageError):
        push(anna, "origin", [Create(resolve(anna, MAIN), "refs/tags/--x")])


def test_cloning_needs_an_empty_place(hub, anna, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(GitError, match="already exists and is not an empty directory"):
        clone(str(hub.git_dir), tmp_path / "full")


def test_remotes_and_their_urls_as_git_would_use_them(anna, hub, sh):
    sh(anna.root, "git", "config", "url.https://real.example/.insteadOf", "short:")
    sh(anna.root, "git", "remote", "add", "dotted.name", "short:team/x")
    assert remotes(anna) == {"origin": str(hub.git_dir), "dotted.name": "short:team/x"}
    assert remote_url(anna, "dotted.name") == "https://real.example/team/x"
    assert remotes(hub) == {}


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/abs/x.git", "/abs/x.git"),
        ("../x", "/base/../x"),
        ("./a:b", "/base/a:b"),
        ("file:///a%20b", "/a b"),
        ("file://host/a", None),
        ("host:path", None),
        ("git@host:path/x", None),
        ("https://h/x", None),
        ("ssh://h/x", None),
        ("", None),
    ],
)
def test_local_urls_are_told_from_others_by_gits_rules(url, path):
    assert is_local_path(url, Path("/base")) == (None if path is None else Path(path))


def test_a_local_remote_leads_to_its_git_directory(anna, hub, tmp_path, sh):
    assert local_git_dir(hub.git_dir) == hub.git_dir
    assert local_git_dir(hub.git_dir.with_suffix("")) == hub.git_dir
    sh(anna.root, "git", "worktree", "add", "-q", str(tmp_path / "linked"))
    assert local_git_dir(tmp_path / "linked") == anna.git_dir
    (anna.root / "plain folder").mkdir()
    for no_repository in (anna.root / "plain folder", tmp_path / "absent"):
        with pytest.raises(NotARegistryError):
            local_git_dir(no_repository)


def test_sha256_repositories_push_and_fetch(tmp_path, sh):
    sh(tmp_path, "git", "init", "-q", "--bare", "--object-format=sha256", "hub.git")
    repo = clone(str(tmp_path / "hub.git"), tmp_path / "work")
    sh(tmp_path, "git", "init", "-q", "--object-format=sha256", "other")
    other = Repository.discover(tmp_path / "other")
    assert len(tip := commit_empty(other, "x")) == 64
    assert push(other, str(tmp_path / "hub.git"), [Create(tip, TAG)]).results == (Accepted(TAG),)
    assert ls_remote(other, str(tmp_path / "hub.git")) == [RemoteRef(TAG, Oid(tip))]
    assert repo.root is not None


def test_a_partial_clone_fetches_what_a_read_needs(anna, hub, tmp_path, sh):
    (anna.root / "a.gitreg").write_text("pointer")
    tip = commit(anna, "pointer", ["a.gitreg"])
    push(anna, "origin", [Advance(tip, MAIN)])
    sh(hub.git_dir, "git", "config", "uploadpack.allowFilter", "true")
    url = f"file://{hub.git_dir}".replace(" ", "%20")
    sh(tmp_path, "git", "clone", "-q", "--filter=blob:none", "--no-checkout", url, "partial")
    with ObjectReader(Repository.discover(tmp_path / "partial")) as reader:
        assert reader.read(f"{tip}:a.gitreg").data == b"pointer"


def test_a_hook_reads_objects_still_in_quarantine(anna, hub, tmp_path):
    """A pre-receive check must see what is being pushed before it is accepted."""
    hook = hub.git_dir / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    source = Path(__file__).parents[2]
    hook.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(source)!r})\nfrom pathlib import Path\n"
        "from gitreg.git.objects import ObjectReader\nfrom gitreg.git.repository import Repository\n"
        "repo = Repository.for_hook(Path())\nold, new, ref = sys.stdin.read().split()\n"
        "with ObjectReader(repo) as reader:\n    print(ref, reader.read(new).type, file=sys.stderr)\n"
        "plain = Repository.discover(Path())\n"
        "with ObjectReader(plain) as reader:\n    print(reader.read(new), file=sys.stderr)\n"
    )
    hook.chmod(0o755)
    tip = commit_empty(anna, "new")
    report = push(anna, "origin", [Create(tip, TAG)])
    assert report.remarks == (f"{TAG} commit", "None")
    assert subprocess.run(["git", "-C", str(hub.git_dir), "cat-file", "-e", tip], check=False).returncode == 0
