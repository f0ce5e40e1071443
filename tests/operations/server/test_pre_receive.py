"""The server's hook on real pushes: what is in order goes through, and what is not is refused for its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitreg.api import Registry


def stage(registry: Registry, world, data: bytes = b"two") -> str:
    """A new version in staging, bytes pushed, refs not."""
    version = world.release(registry, data, "staging")
    registry.push(objects_only=True)
    return version


# what is in order


def test_everything_that_people_do_goes_through(server, world, registry: Registry, open_as):
    """The main job over a server that enforces: register, approve, promote, roll back, unassign, deregister."""
    registry.register("mnist", bump="minor", push=True)
    registry.promote("mnist@v1.0.0", "staging", push=True)
    for who in ("bob", "carol"):
        clone = world.clone(who, who)
        clone.fetch()
        clone.approve("mnist@v1.0.0", "production", push=True)
    registry.fetch()
    registry.promote("mnist@v1.0.0", "production", push=True)
    registry.promote("mnist@v1.1.0", "staging", push=True)
    registry.rollback("mnist", "staging", push=True)
    registry.unassign("mnist", "production", push=True)
    registry.deregister("mnist", "v1.1.0", push=True)
    registry.deprecate("mnist", push=True)
    refs = server.refs()
    for tag in ("mnist#production#1", "mnist#staging#3", "mnist#production!#2", "mnist@v1.1.0!", "mnist@deprecated"):
        assert f"refs/tags/{tag}" in refs
    assert "refs/gitreg/approvals" not in refs


def test_a_branch_and_the_tags_on_it_arrive_together(server, world, registry: Registry):
    stage(registry, world)
    server.accepted("--atomic", "main", "mnist@v1.1.0", "mnist#staging#1")


def test_a_signed_policy_change_goes_through_and_rules_from_then_on(server, world, registry: Registry):
    server.sign_policy(lambda text: text.replace('promote = ["maintainer"]', 'promote = ["reviewer"]', 1))
    server.accepted("main")
    registry.promote("mnist", "dev", push=True)
    world.clone("daves", "dave")
    server.sh("git", "commit", "-q", "--allow-empty", "-m", "x", cwd="daves")
    assert "mnist#dev#1" in server.refs()


def test_the_first_push_of_a_registry_is_believed_and_its_root_shown(server, world, registry: Registry):
    world.sh("git", "init", "-q", "--bare", "--template=", "new.git", cwd=".")
    world.sh("git", "symbolic-ref", "HEAD", "refs/heads/main", cwd="new.git")
    (world.root / "new.git" / "hooks").symlink_to(world.root / "hub.git" / "hooks")
    said = world.sh("git", "push", f"file://{world.root}/new.git", "main", "--tags")
    assert "trusting the policy root blake3:" in said
    said = world.sh("git", "push", f"file://{world.root}/new.git", "--delete", "main", code=1)
    assert "never deleted" in said


def test_a_registry_s_past_comes_along_with_its_first_push(server, world, registry: Registry):
    """Moving to another server: tags that cite policies since replaced are no forgeries there."""
    registry.promote("mnist", "dev")
    server.sign_policy(lambda text: text.replace("min = 0.9", "min = 0.8"))
    world.sh("git", "init", "-q", "--bare", "--template=", "-b", "trunk", "new.git", cwd=".")
    (world.root / "new.git" / "hooks").symlink_to(world.root / "hub.git" / "hooks")
    world.sh("git", "push", f"file://{world.root}/new.git", "main", "mnist@v1.0.0", "mnist#dev#1")


def test_what_is_not_gitreg_s_is_left_alone(server, world, registry: Registry):
    world.sh("git", "tag", "v1.0")
    world.sh("git", "branch", "feature")
    server.accepted("v1.0", "feature")
    world.sh("git", "commit", "-q", "--allow-empty", "-m", "x")
    world.sh("git", "tag", "-f", "v1.0")
    server.accepted("--force", "v1.0", "main:feature")
    server.accepted(":v1.0", ":feature")


def test_a_repository_that_is_no_registry_is_left_alone(server, world, tmp_path: Path):
    world.sh("git", "init", "-q", "--bare", "--template=", "-b", "main", "plain.git", cwd=".")
    (world.root / "plain.git" / "hooks").symlink_to(world.root / "hub.git" / "hooks")
    world.sh("git", "init", "-q", "other", cwd=".")
    for name in ("one", "two"):
        world.sh("git", "commit", "-q", "--allow-empty", "-m", name, cwd="other")
        world.sh("git", "tag", "-f", "mnist@v1.0.0", cwd="other")
        world.sh("git", "push", "-q", "--force", "../plain.git", "main", "mnist@v1.0.0", cwd="other")


def test_git_daemon_enforces_too(server, daemon: str, world, registry: Registry):
    world.sh("git", "remote", "set-url", "origin", daemon)
    registry.promote("mnist", "dev")
    server.accepted("mnist#dev#1")
    world.sh("git", "tag", "-m", "trust me", "mnist#dev#2", "mnist@v1.0.0^{}")
    server.refused("mnist#dev#2", check="signature", reason="not signed")


# tags


def test_tags_that_prove_nothing(server, world, registry: Registry):
    world.sh("git", "tag", "mnist#dev#1", "mnist@v1.0.0^{}")
    server.refused("mnist#dev#1", check="parse", reason="not an annotated tag")
    world.sh("git", "tag", "-f", "-m", "trust me", "mnist#dev#1", "mnist@v1.0.0^{}")
    server.refused("mnist#dev#1", check="signature", reason="not signed")
    world.sh("git", "update-ref", "-d", "refs/tags/mnist#dev#1")
    registry.promote("mnist", "dev")
    world.forge("mnist#dev#1", "Gitreg-Stage: dev", "Gitreg-Stage: dev\nGitreg-Stage: dev")
    server.refused("mnist#dev#1", check="parse", reason="wrong trailers")


def test_a_tag_by_somebody_who_may_not(server, world, registry: Registry):
    """mallory's key is known, and holds no role; her own gitreg would not sign this, so she patches it."""
    registry.promote("mnist", "dev")
    raw = world.sh("git", "cat-file", "tag", "mnist#dev#1").partition("-----BEGIN")[0]
    (world.root / "payload").write_text(raw)
    world.sh("ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", "keys/mallory", "payload", cwd=".")
    server.tag("mnist#dev#1", raw + (world.root / "payload.sig").read_text())
    server.refused("mnist#dev#1", check="role", reason="mallory@example.com may not do this")


def test_registry_tags_stay_where_they_are(server, world, registry: Registry):
    registry.promote("mnist", "dev", push=True)
    server.refused(":refs/tags/mnist@v1.0.0", check="deleted", reason="never deleted")
    world.sh("git", "tag", "-f", "mnist@v1.0.0", "mnist#dev#1")
    server.refused("mnist@v1.0.0", check="moved", reason="never move")
    server.refused("mnist@v1.0.0^{commit}:refs/tags/mnist@v1.0.0/x", check="name", reason="take the place")


def test_a_good_tag_under_another_name(server, registry: Registry):
    registry.promote("mnist", "dev")
    server.refused("mnist#dev#1:refs/tags/mnist#dev#2", check="name", reason="was signed as mnist#dev#1")


def test_a_tag_whose_commit_is_not_on_the_branch(server, world, registry: Registry):
    """Its commit comes along, so it must not count as being there."""
    stage(registry, world)
    server.refused("mnist@v1.1.0", "main:side", check="branch", reason="not on the protected branch")


def test_a_promotion_on_top_of_what_is_no_longer_last(server, world, registry: Registry):
    """Two people promote at once: the second one's number is taken, and renumbering breaks the chain."""
    other = world.clone("daves", "dave")
    other.promote("mnist", "dev")
    registry.promote("mnist", "dev", push=True)
    said = server.sh("git", "push", "origin", "mnist#dev#1", cwd="daves", code=1)
    assert "already exists" in said
    other.rollback  # noqa: B018
    server.refused("mnist#dev#1:refs/tags/mnist#dev#2", check="name", cwd="daves")


def test_one_bad_tag_takes_the_whole_push_down(server, world, registry: Registry):
    registry.promote("mnist", "dev")
    world.sh("git", "tag", "-m", "trust me", "mnist#dev#2", "mnist@v1.0.0^{}")
    said = server.refused("mnist#dev#1", "mnist#dev#2", "HEAD:refs/heads/feature", check="signature")
    assert said.count("gitreg: refused: ") == 1


def test_names_that_lie_are_shown_as_they_are(server, world, registry: Registry):
    """A pusher's terminal must not be written to by a ref's name."""
    name = "mnist@v1.0.0/\u202egnp"
    said = server.refused(f"HEAD:refs/tags/{name}", check="name")
    assert "\u202e" not in said.split("To file")[0]
    assert "\\u202e" in said


# the branch and its policy


def test_the_protected_branch_stays_and_grows(server, world, registry: Registry):
    world.sh("git", "commit", "-q", "--amend", "-m", "another past")
    server.refused("main", check="branch", reason="only grows")
    server.refused(":main", check="branch", reason="never deleted")


WEAKER = ('promote = ["maintainer"]', 'promote = ["maintainer", "reviewer"]')


def weaken(world) -> None:
    policy = world.root / "work" / ".gitreg" / "policy.toml"
    policy.write_text(policy.read_text().replace(*WEAKER).replace("epoch = 2", "epoch = 3"))
    world.sh("git", "commit", "-q", "-a", "-m", "Innocent")


def test_an_unsigned_policy_change(server, world, registry: Registry):
    weaken(world)
    server.refused("main", check="policy", reason="signatures")


def test_a_policy_change_between_innocent_commits(server, world, registry: Registry):
    world.sh("git", "commit", "-q", "--allow-empty", "-m", "before")
    weaken(world)
    world.sh("git", "commit", "-q", "--allow-empty", "-m", "after")
    server.refused("main", check="policy")


def test_a_policy_weakened_and_restored_within_one_push(server, world, registry: Registry):
    """The end looks as the beginning did; a tag could cite what lies between."""
    weaken(world)
    world.sh("git", "revert", "--no-edit", "HEAD")
    server.refused("main", check="policy")


def test_a_policy_change_that_a_merge_brings(server, world, registry: Registry):
    world.sh("git", "switch", "-q", "-c", "side")
    weaken(world)
    world.sh("git", "switch", "-q", "main")
    world.sh("git", "merge", "-q", "--no-ff", "-m", "Merge", "side")
    server.refused("main", check="policy")
    world.sh("git", "reset", "-q", "--hard", "side")
    world.sh("git", "merge", "-q", "-s", "ours", "-m", "Merge", "origin/main")
    server.refused("main", check="policy")


def test_a_key_added_without_a_signature(server, world, registry: Registry):
    signers = world.root / "work" / ".gitreg" / "allowed_signers"
    signers.write_text(signers.read_text() + f"eve@example.com {(world.root / 'keys' / 'eve.pub').read_text()}")
    world.sh("git", "commit", "-q", "-a", "-m", "Welcome eve")
    server.refused("main", check="policy")


def test_a_policy_signed_by_somebody_who_is_no_admin(server, world, registry: Registry):
    """bob may only review: his gitreg refuses to sign, and a signature file of another change is none of this one."""
    server.sign_policy(lambda text: text.replace("min = 0.9", "min = 0.8"))
    world.sh("git", "reset", "-q", "--soft", "HEAD~1")
    policy = world.root / "work" / ".gitreg" / "policy.toml"
    policy.write_text(policy.read_text().replace("min = 0.8", "min = 0.1"))
    world.sh("git", "commit", "-q", "-a", "-m", "Change the policy")
    server.refused("main", check="policy")


def test_one_s_own_new_policy_does_not_serve_one_s_tags(server, world, registry: Registry):
    """What counts is the policy before the push, even if the new one is signed."""
    server.sign_policy(lambda text: text.replace("min = 0.9", "min = 0.8"))
    registry.promote("mnist", "dev")
    server.refused("main", "mnist#dev#1", check="policy", reason="never was on the protected branch")
    server.accepted("main")
    server.accepted("mnist#dev#1")


def test_a_tag_under_a_policy_that_was_replaced(server, world, registry: Registry):
    """What the old policy allowed is over, as long as nobody shared it in time."""
    registry.promote("mnist", "dev")
    server.sign_policy(lambda text: text.replace("min = 0.9", "min = 0.8"))
    server.accepted("main")
    server.refused("mnist#dev#1", check="policy", reason="in force here")


def test_the_registry_keeps_its_identity(server, world, registry: Registry):
    config = world.root / "work" / ".gitreg" / "config.toml"
    config.write_text(config.read_text().replace(registry.context.config.id, "0" * 8 + registry.context.config.id[8:]))
    world.sh("git", "commit", "-q", "-a", "-m", "Another one")
    server.refused("main", check="registry", reason="another registry")


# other refs


def test_replacing_objects(server, registry: Registry):
    server.refused("HEAD:refs/replace/" + "1" * 40, check="replace")


@pytest.mark.parametrize("ref", ["refs/gitreg/approvals/mnist/dev/1/x", "refs/gitreg/remotes/x", "refs/gitreg/log"])
def test_refs_of_gitreg_that_gitreg_did_not_make(server, ref: str, registry: Registry):
    server.refused(f"HEAD:{ref}", check={"x": "name"}.get(ref[-1], "receipt") if "approvals" not in ref else "parse")


def test_an_approval_stays_what_it_is(server, world, registry: Registry, open_as):
    registry.promote("mnist", "staging", push=True)
    bob = world.clone("bobs", "bob")
    ref = bob.approve("mnist", "production", push=True).ref
    server.refused(f"HEAD:{ref}", check="moved", reason="never changed")
    server.refused(f"{ref}:{ref[:-1]}{'0' if ref[-1] != '0' else '1'}", check="parse", cwd="bobs")
    server.refused(f"{ref}:{ref.replace('production/1', 'production/2')}", check="parse", cwd="bobs")
    server.accepted(f":{ref}")


def test_a_rejection_is_not_deleted_by_who_dislikes_it(server, world, registry: Registry, open_as):
    registry.promote("mnist", "staging", push=True)
    bob = world.clone("bobs", "bob")
    bob.reject("mnist", "production", "not yet", push=True)
    ref = next(word for word in server.refs().split() if word.startswith("refs/gitreg/approvals/"))
    server.refused(f":{ref}", check="deleted", reason="withdrawn")


# the hook itself


def test_it_fails_closed(server, world, registry: Registry):
    """Out of time, out of memory, out of order: a hook that cannot answer has not said yes."""
    registry.promote("mnist", "dev")
    world.sh("git", "config", "gitreg.hookTimeout", "soon", cwd="hub.git")
    said = server.sh("git", "push", "origin", "mnist#dev#1", code=1)
    assert "gitreg.hookTimeout is not a number" in said
    world.sh("git", "config", "--unset", "gitreg.hookTimeout", cwd="hub.git")
    hook = server.hub / "hooks" / "pre-receive"
    shim = hook.read_text()
    hook.write_text(shim.replace("-m gitreg.hooks.pre_receive", "-m gitreg.no_such_module"))
    server.sh("git", "push", "origin", "mnist#dev#1", code=1)
    hook.write_text(shim)
    server.accepted("mnist#dev#1")


def test_a_folder_called_gitreg_in_the_repository_is_no_part_of_the_program(server, world, registry: Registry):
    """People may write objects into hub.git/gitreg; Python would import from there."""
    (server.hub / "gitreg" / "__init__.py").write_text("raise SystemExit(0)\n")
    (server.hub / "gitreg" / "hooks").mkdir()
    (server.hub / "gitreg" / "hooks" / "pre_receive.py").write_text("raise SystemExit(0)\n")
    world.sh("git", "tag", "-m", "trust me", "mnist#dev#1", "mnist@v1.0.0^{}")
    server.refused("mnist#dev#1", check="signature")
