"""What is on the protected branch: said once for each commit, and never of what is no commit."""

from __future__ import annotations

from gitreg.api import Registry
from gitreg.core.oid import Oid
from gitreg.operations.ground import Ground


def test_only_commits_of_the_branch_are_on_it(world, registry: Registry):
    """A tag that says it is on a commit may name anything, and what git lists nowhere would pass as reached."""
    head, tree, blob, tag = (
        Oid(world.sh("git", "rev-parse", spec).strip())
        for spec in ("HEAD", "HEAD^{tree}", "HEAD:.gitreg/policy.toml", "mnist@v1.0.0")
    )
    beside = Oid(world.sh("git", "commit-tree", "-m", "beside", "-p", head, tree).strip())
    with Ground(registry.context) as ground:
        assert ground.reached([head, beside, tree, blob, tag, Oid("1" * 40)]) == {head}
        assert ground.reached([beside, head]) == {head}


def test_what_was_asked_before_is_known(world, registry: Registry):
    """Every model of a registry is on the same few commits: git would be asked as often as there are models."""
    head = Oid(world.sh("git", "rev-parse", "HEAD").strip())
    with Ground(registry.context) as ground:
        assert ground.reached([head]) == {head}
        (world.root / "work/.git/objects").rename(world.root / "away")
        assert ground.reached([head]) == {head}
