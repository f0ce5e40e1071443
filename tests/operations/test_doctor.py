"""Doctor: what is wrong is said with the change that fixes it, and nothing makes doctor itself fail."""

from __future__ import annotations

import os
from pathlib import Path

import gitreg
from gitreg.api import Registry
from gitreg.operations.context import Settings
from gitreg.operations.doctor import Health
from gitreg.operations.hooks import install_hooks


def checks(registry: Registry | Path, key: str | None = None) -> dict[str, tuple[Health, str, str]]:
    root = registry if isinstance(registry, Path) else registry.root
    found = gitreg.doctor(root, Settings(environ=dict(os.environ), key=key))
    worst = any(check.health is Health.PROBLEM for check in found.checks)
    assert found.ok is not worst
    for check in found.checks:
        assert check.fix or check.health is Health.OK, check
    return {check.name: (check.health, check.detail, check.fix) for check in found.checks}


def test_a_registry_in_good_health(world, registry: Registry):
    install_hooks(registry.context.repo)
    found = checks(registry)
    assert {health for health, _, _ in found.values()} == {Health.OK}
    assert "person@example.com" in found["key"][1]
    assert "epoch 2, dev, staging, production" in found["policy"][1]


def test_outside_of_any_repository(tmp_path: Path):
    found = checks(tmp_path)
    assert found["registry"][0] is Health.PROBLEM


def test_a_repository_that_is_no_registry(git_repo: Path):
    health, _, fix = checks(git_repo)["registry"]
    assert (health, "gitreg init" in fix) == (Health.PROBLEM, True)


def test_a_key_that_nobody_knows(world, registry: Registry):
    health, detail, fix = checks(registry, str(world.root / "keys" / "eve"))["key"]
    assert health is Health.WARNING
    assert "nobody's" in detail
    assert (world.root / "keys" / "eve.pub").read_text().split()[1] in fix


def test_no_key_at_all(registry: Registry, monkeypatch):
    monkeypatch.delenv("GITREG_KEY")
    health, detail, _ = checks(registry)["key"]
    assert (health, "no signing key" in detail) == (Health.WARNING, True)


def test_hooks_that_are_missing(registry: Registry):
    assert checks(registry)["hooks"][0] is Health.WARNING


def test_a_detached_head_and_a_shallow_clone(world, registry: Registry):
    world.sh("git", "checkout", "-q", "--detach")
    assert checks(registry)["head"][0] is Health.WARNING
    world.sh("git", "clone", "-q", "--depth=1", f"file://{world.root}/hub.git", "shallow", cwd=".")
    assert checks(world.root / "shallow")["history"][0] is Health.PROBLEM


def test_a_policy_that_is_nonsense(world, registry: Registry):
    (registry.root / ".gitreg" / "policy.toml").write_text("format = 1\nepoch = \n")
    world.sh("git", "commit", "-q", "-a", "-m", "Oops")
    health, detail, _ = checks(registry)["policy change"]
    assert (health, "line 2" in detail) == (Health.PROBLEM, True)
    assert checks(registry)["policy"][0] is Health.OK


def test_a_line_of_allowed_signers_that_grants_nothing(world, registry: Registry):
    with (registry.root / ".gitreg" / "allowed_signers").open("a") as file:
        file.write("zoe@example.com ssh-ed25519 nonsense\n")
    world.change_policy("Zoe")
    assert checks(registry)["allowed_signers"][0] is Health.WARNING


def test_a_store_that_is_not_there(world, registry: Registry):
    (world.root / "hub.git").rename(world.root / "away")
    found = checks(registry)
    assert Health.PROBLEM in {found.get("remote", (None,))[0], found.get("stores", (None,))[0]}


def test_a_registry_without_any_commit(world, registry: Registry):
    world.sh("git", "checkout", "-q", "--orphan", "empty")
    world.sh("git", "branch", "-q", "-D", "main")
    world.sh("git", "remote", "remove", "origin")
    assert any(health is Health.PROBLEM for health, _, _ in checks(registry).values())
