"""Refs: what lists, what may be created, and that creating is a lock."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from gitreg.core.oid import Oid
from gitreg.errors import GitError, RefusedError, UsageError
from gitreg.git.objects import write_object
from gitreg.git.ref_name import check_pattern, check_ref_name
from gitreg.git.refs import (
    NewRef,
    Ref,
    create_ref,
    create_refs,
    delete_ref,
    delete_refs,
    list_refs,
    list_tags,
    pack_refs,
    resolve,
    tags_below,
)
from gitreg.git.repository import Repository

HOSTILE = ["--upload-pack=x", "$(id)", "a;b", "sp\u202eoof", "ünï", "x`y`"]


@pytest.fixture
def repo(git_repo, sh):
    sh(git_repo, "git", "commit", "-q", "--allow-empty", "-m", "first")
    return Repository.discover(git_repo)


@pytest.fixture
def tip(repo):
    return resolve(repo, "refs/heads/main")


def names(tags):
    return [tag.name for tag in tags]


def test_patterns_select_a_model_or_a_stage_and_hold_slashes_themselves(repo, tip, sh):
    for name in ("mnist@v1.0.0", "mnist@v1.0.0!", "mnist#production#1", "mnist#production#2", "mnist#staging#1"):
        create_ref(repo, f"refs/tags/{name}", tip)
    for name in ("mnist2@v1.0.0", "team/mnist@v1.0.0", "team/ner@v1.0.0", "a/b/c@v1.0.0"):
        create_ref(repo, f"refs/tags/{name}", tip)
    assert names(list_tags(repo, "mnist@*")) == ["mnist@v1.0.0", "mnist@v1.0.0!"]
    assert names(list_tags(repo, "mnist#production#*")) == ["mnist#production#1", "mnist#production#2"]
    assert names(list_tags(repo, "team/ner@*")) == ["team/ner@v1.0.0"]
    assert names(list_tags(repo, "a/b/c@*", "mnist#staging#*")) == ["a/b/c@v1.0.0", "mnist#staging#1"]
    assert len(list_tags(repo)) == 9


def test_annotated_and_plain_tags_are_told_apart(repo, tip, sh):
    sh(repo.root, "git", "tag", "-a", "-m", "x", "annotated")
    create_ref(repo, "refs/tags/plain", tip)
    assert [(tag.name, tag.object_type) for tag in list_tags(repo)] == [("annotated", "tag"), ("plain", "commit")]


def test_hostile_names_that_git_took_are_listed_as_data(repo, tip, sh):
    for name in HOSTILE:
        sh(repo.root, "git", "update-ref", f"refs/tags/{name}", tip)
    assert sorted(names(list_tags(repo))) == sorted(HOSTILE)
    assert list_refs(repo, "refs/heads/") == [Ref("refs/heads/main", tip, "commit")]


def test_one_tag_whose_object_is_gone_does_not_hide_the_others(repo, tip, sh):
    """Git's own listing dies over it, and with it would every command of ours."""
    sh(repo.root, "git", "tag", "-a", "-m", "x", "good")
    sh(repo.root, "git", "tag", "-a", "-m", "y", "gone")
    oid = resolve(repo, "refs/tags/gone")
    (repo.common_dir / "objects" / oid[:2] / oid[2:]).unlink()
    listed = [(tag.name, tag.object_type) for tag in list_tags(repo)]
    assert listed == [("gone", "missing"), ("good", "tag")]


@pytest.mark.parametrize(
    "name",
    [
        "main",
        "refs/tags",
        "refs/tags/",
        "refs/tags/-x",
        "refs/tags/--upload-pack=x",
        "refs/tags/a..b",
        "refs/tags/a b",
        "refs/tags/a\nb",
        "refs/tags/a\0b",
        "refs/tags/.a",
        "refs/tags/a.lock",
        "refs/tags/a.",
        "refs/tags/a//b",
        "refs/tags/a@{1}",
        "refs/tags/a^",
        "refs/tags/a:b",
        "refs/tags/a*",
        "refs/tags/a\\b",
        "refs/tags/\u202ea",
        "refs/tags/\ud800",
        "../refs/tags/a",
        "--stdin",
    ],
)
def test_names_that_git_or_a_reader_could_misread_are_refused(repo, tip, name):
    with pytest.raises(UsageError):
        create_ref(repo, name, tip)
    with pytest.raises(UsageError):
        resolve(repo, name)


@pytest.mark.parametrize(
    "name", ["refs/tags/team/ner@v1.0.0!", "refs/tags/m#prod!#5", "refs/heads/ветка", "refs/tags/@"]
)
def test_what_we_accept_git_accepts(repo, tip, name):
    create_ref(repo, check_ref_name(name), tip)
    assert resolve(repo, name) == tip


def test_patterns_allow_a_star_and_no_other_magic():
    assert check_pattern("refs/tags/m#prod*#*") == "refs/tags/m#prod*#*"
    for bad in ("refs/tags/[a]", "refs/tags/a?", "*"):
        with pytest.raises(UsageError):
            check_pattern(bad)


def test_a_ref_is_created_once(repo, tip):
    create_ref(repo, "refs/tags/a@v1.0.0", tip)
    with pytest.raises(RefusedError, match="exists"):
        create_ref(repo, "refs/tags/a@v1.0.0", tip)
    pack_refs(repo)
    with pytest.raises(RefusedError, match="exists"):
        create_ref(repo, "refs/tags/a@v1.0.0", tip)


def test_several_are_created_together_or_not_at_all(repo, tip):
    create_ref(repo, "refs/tags/b", tip)
    with pytest.raises(RefusedError, match="refs/tags/b exists"):
        create_refs(repo, [NewRef("refs/tags/a", tip), NewRef("refs/tags/b", tip), NewRef("refs/tags/c", tip)])
    assert names(list_tags(repo)) == ["b"]
    create_refs(repo, [NewRef("refs/tags/a", tip), NewRef("refs/tags/c", tip)])
    assert names(list_tags(repo)) == ["a", "b", "c"]


def test_a_ref_to_nothing_is_not_created(repo):
    with pytest.raises(GitError):
        create_ref(repo, "refs/tags/a", Oid("1" * 40))
    assert resolve(repo, "refs/tags/a") is None


def test_of_many_processes_creating_one_ref_exactly_one_wins(repo, tip, sh):
    """Two people promoting at once must not both be told that they did."""
    oids = [write_object(repo, "blob", b"%d" % number) for number in range(8)]
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from gitreg.core.oid import Oid\nfrom gitreg.errors import RefusedError\n"
        "from gitreg.git.refs import create_ref\nfrom gitreg.git.repository import Repository\n"
        "repo = Repository.discover(Path(sys.argv[1]))\nsys.stdin.readline()\n"
        "try:\n    create_ref(repo, 'refs/tags/m#production#1', Oid(sys.argv[2]))\n    print('won')\n"
        "except RefusedError:\n    print('refused')\n"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(repo.root), oid],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for oid in oids
    ]
    with ThreadPoolExecutor(len(racers)) as pool:
        said = list(pool.map(lambda racer: racer.communicate("go\n")[0].strip(), racers))
    assert sorted(said) == ["refused"] * 7 + ["won"]
    assert resolve(repo, "refs/tags/m#production#1") == oids[said.index("won")]


def test_deleting_needs_to_know_what_is_there(repo, tip):
    create_ref(repo, "refs/tags/a", tip)
    with pytest.raises(RefusedError, match="no longer"):
        delete_ref(repo, "refs/tags/a", Oid("1" * 40))
    delete_ref(repo, "refs/tags/a", tip)
    assert resolve(repo, "refs/tags/a") is None
    with pytest.raises(RefusedError):
        delete_ref(repo, "refs/tags/a", tip)


def test_several_are_deleted_together_or_not_at_all(repo, tip):
    """Half of them gone, nobody could tell which."""
    create_refs(repo, [NewRef("refs/tags/a", tip), NewRef("refs/tags/b", tip)])
    with pytest.raises(RefusedError, match="refs/tags/b no longer"):
        delete_refs(repo, [NewRef("refs/tags/a", tip), NewRef("refs/tags/b", Oid("1" * 40))])
    delete_refs(repo, [NewRef("refs/tags/a", tip), NewRef("refs/tags/b", tip)])
    assert list_refs(repo, "refs/tags/") == []


def test_tags_of_a_private_namespace_have_short_names_too(repo, tip):
    create_ref(repo, "refs/gitreg/remotes/origin/tags/team/ner@v1.0.0", tip)
    namespace = "refs/gitreg/remotes/origin/tags/"
    assert names(tags_below(repo, namespace)) == ["team/ner@v1.0.0"]
    assert names(tags_below(repo, namespace, "team/ner@*")) == ["team/ner@v1.0.0"]
    assert list_tags(repo) == []
