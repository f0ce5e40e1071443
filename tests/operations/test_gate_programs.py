"""Programs of gates and their definitions come from the protected branch, whatever the candidate brings along."""

from __future__ import annotations

import pytest

from gitreg.api import Registry
from gitreg.errors import RefusedError

LAX = "#!/bin/sh\necho lax\n"
STRICT = "#!/bin/sh\necho strict\nexit 1\n"


@pytest.fixture
def guarded(world, registry: Registry) -> Registry:
    """The stage `dev` asks gates/check.sh; the script of now is lax, and so is that of the candidate's commit."""
    policy = registry.root / ".gitreg" / "policy.toml"
    text = policy.read_text().replace("[stages.dev]\n", '[stages.dev]\ngates = ["own"]\n')
    policy.write_text(text + '[gates.own]\nkind = "command"\nprogram = ["gates/check.sh"]\ntimeout = 20\n')
    write(world, registry, LAX)
    world.change_policy("Ask a program")
    world.train(registry, b"candidate")
    registry.register("mnist")
    return registry


def write(world, registry: Registry, script: str) -> None:
    (registry.root / "gates").mkdir(exist_ok=True)
    (registry.root / "gates" / "check.sh").write_text(script)
    world.sh("git", "add", "gates")


def test_the_program_is_that_of_the_branch_not_that_of_the_candidate(world, guarded: Registry):
    write(world, guarded, STRICT)
    world.sh("git", "commit", "-q", "-m", "Be strict")
    with pytest.raises(RefusedError, match="own: strict"):
        guarded.promote("mnist", "dev")


def test_the_working_tree_has_no_say(world, guarded: Registry):
    write(world, guarded, STRICT)
    (result,) = guarded.run_gates("mnist", "dev")
    assert (result.passed, result.reason) == (True, "lax")


def test_a_policy_of_the_candidates_own_has_no_say(world, guarded: Registry):
    """It takes the gate out, without the admins' signature, in the very commit that is registered."""
    policy = guarded.root / ".gitreg" / "policy.toml"
    policy.write_text(policy.read_text().replace('gates = ["own"]\n', "", 1).replace("epoch = 3", "epoch = 4"))
    write(world, guarded, STRICT)
    world.sh("git", "commit", "-q", "-a", "-m", "No gates, please")
    world.train(guarded, b"second")
    guarded.register("mnist")
    with pytest.raises(RefusedError, match="own: strict"):
        guarded.promote("mnist", "dev")


def test_a_dry_run_shows_the_figures(world, guarded: Registry):
    ready = guarded.readiness("mnist", "dev")
    assert (ready.allowed, ready.gates[0].figure) == (True, "exit code 0")


def test_a_program_cannot_read_the_repository(world, guarded: Registry):
    """Its configuration may hold credentials."""
    config = guarded.root / ".git" / "config"
    write(world, guarded, f"#!/bin/sh\ncat {config}\n")
    world.sh("git", "commit", "-q", "-m", "Look around")
    (result,) = guarded.run_gates("mnist", "dev")
    assert "Permission denied" in result.reason
