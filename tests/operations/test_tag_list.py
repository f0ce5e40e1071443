"""One listing for all models: each gets its own tags from it, whatever other tags are called."""

from __future__ import annotations

import pytest

from gitreg.core.names import ModelName
from gitreg.git.refs import NewRef, create_refs, list_tags, resolve
from gitreg.git.repository import Repository
from gitreg.operations.tag_list import TagList

GOOD = ["m#dev#1", "m-1#dev!#2", "m/x@v1.0.0", "m@deprecated", "m@v1.0.0", "m@v1.0.0!"]


@pytest.fixture
def repo(git_repo, sh) -> Repository:
    sh(git_repo, "git", "commit", "-q", "--allow-empty", "-m", "first")
    return Repository.discover(git_repo)


def tag(repo: Repository, *names: str) -> None:
    tip = resolve(repo, "refs/heads/main")
    create_refs(repo, [NewRef(f"refs/tags/{name}", tip) for name in names])


def test_each_model_has_its_own_tags(repo):
    """Names that begin alike lie between a model's stages and its versions."""
    tag(repo, *GOOD, "v1.0.0", "M@v1.0.0", "never@later")
    listed = TagList.read(repo)
    assert listed.models() == {"m": 4, "m-1": 1, "m/x": 1}
    found = [listed.of(model) for model in listed.models()]
    assert sorted(name for tags in found for name in tags) == GOOD
    oids = {ref.name: ref.oid for ref in list_tags(repo)}
    assert all(tags == {name: oids[name] for name in tags} for tags in found)


def test_a_listing_of_one_model_is_the_same_as_its_part_of_all(repo):
    tag(repo, *GOOD)
    whole = TagList.read(repo)
    for model in whole.models():
        assert TagList.read_one(repo, model).of(model) == whole.of(model)


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
def test_a_name_cannot_pass_for_two_lines(repo, sh, separator):
    """git lets these into names, and many ways of taking lines apart end one there."""
    tag(repo, "m@v1.0.0")
    forged = sh(repo.root, "git", "commit-tree", "-m", "other", "HEAD^{tree}")
    sh(repo.root, "git", "update-ref", f"refs/tags/m@v1.0.0{separator}{forged}", forged)
    sh(repo.root, "git", "update-ref", f"refs/tags/m@v9.9.9{separator}", forged)
    listed = TagList.read(repo)
    assert listed.of(ModelName("m"))["m@v1.0.0"] == resolve(repo, "refs/tags/m@v1.0.0")
    assert "m@v9.9.9" not in listed.of(ModelName("m"))


def test_a_tag_whose_object_is_gone_is_still_listed(repo, sh):
    """It has to fail; left out, it would be as if nobody had ever signed it."""
    sh(repo.root, "git", "tag", "-a", "-m", "x", "m@v1.0.0")
    oid = resolve(repo, "refs/tags/m@v1.0.0")
    (repo.common_dir / "objects" / oid[:2] / oid[2:]).unlink()
    assert TagList.read(repo).of(ModelName("m")) == {"m@v1.0.0": oid}
