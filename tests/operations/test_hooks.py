"""The pre-push hook: plain `git push` is held to the same rules, and whatever hook stood there still runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitreg.api import Registry
from gitreg.errors import RefusedError
from gitreg.operations.hooks import install_hooks, installed_hooks, uninstall_hooks
from gitreg.storage.local import LocalStore
from gitreg.storage.verified import read_manifest


@pytest.fixture
def hooked(registry: Registry) -> Registry:
    install_hooks(registry.context.repo)
    return registry


def hook(registry: Registry) -> Path:
    return registry.root / ".git" / "hooks" / "pre-push"


def refused(world, *refs: str) -> str:
    """What a push that must not go through says; nothing has changed over there."""
    before = world.refs("hub.git")
    said = world.sh("git", "push", "origin", *refs, code=1)
    assert world.refs("hub.git") == before
    assert "error: " in said
    assert "hint: " in said
    assert "Traceback" not in said
    return said


def test_what_is_in_order_goes_through(world, hooked: Registry):
    world.release(hooked, b"two", "dev")
    hooked.push(objects_only=True)
    world.sh("git", "push", "-q", "origin", "main", "mnist@v1.1.0", "mnist#dev#1")
    assert "mnist#dev#1" in world.refs("hub.git")


def test_gitreg_s_own_push_runs_it_too(world, hooked: Registry):
    world.release(hooked, b"two", "dev")
    assert "refs/tags/mnist#dev#1" in hooked.push().refs


def test_a_pointer_does_not_go_before_its_objects(world, hooked: Registry):
    world.train(hooked, b"two")
    assert "not on the remote yet" in refused(world, "main")


def test_a_version_does_not_go_before_its_objects(world, hooked: Registry):
    """The tag alone takes its commit, and the pointer in it, along."""
    world.release(hooked, b"two")
    assert "not on the remote yet" in refused(world, "mnist@v1.1.0")


@pytest.mark.parametrize("ref", ["main", "mnist@v1.1.0"])
def test_nothing_goes_while_a_chunk_is_missing_behind_its_manifest(world, hooked: Registry, ref: str):
    """A gc took what nobody had named yet; the manifest alone would let everybody believe that it is complete."""
    world.release(hooked, b"two" * 9999)
    hooked.push(objects_only=True)
    manifest = hooked.version("mnist").manifest
    store = LocalStore.open(world.root / "hub.git" / "gitreg")
    store.remove([read_manifest(store, manifest).chunks[0].digest])
    assert "not on the remote yet" in refused(world, ref)
    hooked.push(objects_only=True)
    world.sh("git", "push", "-q", "origin", ref)


def test_a_forged_tag_stays_here(world, hooked: Registry):
    hooked.promote("mnist", "dev")
    world.forge("mnist#dev#1", "dev", "dev ")
    assert "would not be accepted" in refused(world, "mnist#dev#1")


def test_a_tag_that_nobody_signed_stays_here(world, hooked: Registry):
    world.sh("git", "tag", "-m", "trust me", "mnist#dev#1", "mnist@v1.0.0^{}")
    assert "not signed" in refused(world, "--tags")


def test_a_forged_tag_under_another_local_name_stays_here(world, hooked: Registry):
    world.sh("git", "tag", "-m", "trust me", "innocent", "mnist@v1.0.0^{}")
    assert "mnist#dev#1" in refused(world, "refs/tags/innocent:refs/tags/mnist#dev#1")
    hooked.promote("mnist", "dev")
    assert "mnist#dev#1" in refused(world, "refs/tags/innocent:refs/tags/mnist#dev#1")


def test_registry_tags_are_never_deleted(world, hooked: Registry):
    assert "never deleted" in refused(world, ":refs/tags/mnist@v1.0.0")


def test_what_is_not_ours_is_nobody_s_business(world, hooked: Registry):
    world.sh("git", "tag", "v1.0")
    world.sh("git", "branch", "feature")
    world.sh("git", "push", "-q", "origin", "v1.0", "feature")
    world.sh("git", "push", "-q", "origin", ":v1.0")


OTHER = """\
#!/bin/sh
while read local oid remote theirs; do
    echo "$1 $remote" >> ../seen
done
exit {code}
"""


def test_a_hook_that_was_there_sees_every_line_and_may_refuse(world, registry: Registry):
    hook(registry).parent.mkdir(exist_ok=True)
    hook(registry).write_text(OTHER.format(code=0))
    hook(registry).chmod(0o755)
    install_hooks(registry.context.repo)
    world.sh("git", "tag", "one")
    world.sh("git", "tag", "two")
    world.sh("git", "push", "-q", "origin", "one", "two")
    assert (world.root / "seen").read_text().split() == ["origin", "refs/tags/one", "origin", "refs/tags/two"]
    hook(registry).with_name("pre-push.before-gitreg").write_text(OTHER.format(code=1))
    world.sh("git", "tag", "three")
    world.sh("git", "push", "-q", "origin", "three", code=1)
    assert "three" not in world.refs("hub.git")


def test_uninstalling_restores_what_was_there(registry: Registry):
    hook(registry).parent.mkdir(exist_ok=True)
    hook(registry).write_text(OTHER.format(code=0))
    hook(registry).chmod(0o755)
    install_hooks(registry.context.repo)
    assert installed_hooks(registry.context.repo) == ["pre-push"]
    install_hooks(registry.context.repo)
    assert uninstall_hooks(registry.context.repo) == ["pre-push"]
    assert hook(registry).read_text() == OTHER.format(code=0)
    assert uninstall_hooks(registry.context.repo) == []
    assert hook(registry).exists()


def test_a_hook_put_in_our_place_does_not_cost_the_one_before(registry: Registry):
    hook(registry).parent.mkdir(exist_ok=True)
    for text in ("#!/bin/sh\n# the first\n", "#!/bin/sh\n# the second\n"):
        hook(registry).write_text(text)
        if "first" in text:
            install_hooks(registry.context.repo)
    with pytest.raises(RefusedError) as refusal:
        install_hooks(registry.context.repo)
    assert refusal.value.hint
    assert "second" in hook(registry).read_text()
    assert "first" in hook(registry).with_name("pre-push.before-gitreg").read_text()


def test_hooks_that_live_elsewhere_are_found(world, registry: Registry, tmp_path: Path):
    world.sh("git", "config", "core.hooksPath", str(tmp_path / "hooks"))
    install_hooks(registry.context.repo)
    assert (tmp_path / "hooks" / "pre-push").stat().st_mode & 0o100
    world.train(registry, b"two")
    refused(world, "main")
