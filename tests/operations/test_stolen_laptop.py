"""The runbook of docs/how-to/end-a-key.md, run as it is written: dave's laptop is gone, and ada cleans up."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitreg.api import Registry
from gitreg.core.names import Principal
from gitreg.errors import RefusedError, VerificationError
from gitreg.operations.policy.keys import add_key, read_key
from gitreg.operations.receipts.receipts import add_receipts

PAGE = Path(__file__).parents[2] / "docs/how-to/end-a-key.md"
STEPS = re.findall(
    r"^   ```sh\n(.*?)^   ```", PAGE.read_text().partition("## A laptop was stolen")[2], re.MULTILINE | re.DOTALL
)
REVOKE, LOOK, VERIFY, NAMES, ACCEPT, RETURN = STEPS


class Runbook:
    """ada's terminal; the page's Ada is dave here."""

    def __init__(self, world, tools: Path) -> None:
        self._world = world
        tools.mkdir()
        (tools / "gitreg").write_text(f'#!/bin/sh\nexec {sys.executable} -m gitreg "$@"\n')
        (tools / "gitreg").chmod(0o755)
        self._env = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}", "GIT_PAGER": "cat"}

    def wait(self, seconds: int) -> None:
        """Git's clock goes on: receipts and commits know whole seconds only."""
        self._env |= {"GIT_COMMITTER_DATE": f"{int(time.time()) + seconds} +0000"}

    def run(self, step: str, code: int = 0) -> str:
        script = step.replace("ada@example.com", "dave@example.com").replace("new.pub", "../keys/eve.pub")
        done = subprocess.run(
            ["bash", "-euc", script],
            cwd=self._world.root / "work",
            env=self._env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def runbook(world, tmp_path: Path) -> Runbook:
    return Runbook(world, tmp_path / "tools")


@pytest.fixture
def dave(world, registry: Registry) -> Registry:
    """His clone; what he registered and promoted is there for all."""
    dave = world.clone("daves", "dave")
    dave.register("mnist", bump="minor", push=True)
    dave.promote("mnist@v1.1.0", "dev", push=True)
    registry.fetch()
    return dave


def failed(registry: Registry) -> set[tuple[str, str]]:
    return {(each.ref, each.check) for each in registry.verify().failures}


def test_the_runbook_from_its_first_to_its_last_step(world, registry: Registry, dave: Registry, runbook: Runbook):
    reader = world.clone("reader", "bob")
    assert str(reader.which("mnist", "dev").version) == "v1.1.0"
    runbook.run(REVOKE)
    # everybody has it: nobody is answered with what the thief may have signed, and the thief signs no more
    reader.fetch()
    with pytest.raises(VerificationError, match="was revoked"):
        reader.which("mnist", "dev")
    dave.fetch()
    with pytest.raises(RefusedError, match="was revoked"):
        dave.promote("mnist@v1.0.0", "staging")
    said = runbook.run(LOOK)
    assert "Dave" not in said.partition("diff --git")[0]
    assert "revoked" in said
    said = runbook.run(VERIFY, code=1)
    assert "mnist#dev#1" in said
    assert "was revoked" in said
    # what was genuine stays
    names = dict(reversed(line.split()) for line in runbook.run(NAMES).splitlines())
    policy = registry.root / ".gitreg" / "policy.toml"
    accepted = f'accepted = ["{names["mnist@v1.1.0"]}", "{names["mnist#dev#1"]}"]\n'
    policy.write_text(policy.read_text().replace("[roles]", f"{accepted}[roles]"))
    runbook.run(ACCEPT)
    reader.fetch()
    assert str(reader.which("mnist", "dev").version) == "v1.1.0"
    # and the person is back, with another key
    runbook.run(RETURN)
    back = world.open("daves", "eve")
    back.fetch()
    world.sh("git", "merge", "-q", "--ff-only", "origin/main", cwd="daves")
    back.promote("mnist@v1.0.0", "dev", push=True)
    assert registry.fetch().refused == ()
    assert registry.verify().ok


def test_a_stage_that_the_thief_changed_goes_on(world, registry: Registry, dave: Registry, runbook: Runbook):
    """Their event proves nothing any more; it is followed by one that brings back what was there."""
    dave.promote("mnist@v1.0.0", "dev", push=True)
    registry.fetch()
    runbook.run(REVOKE)
    names = dict(reversed(line.split()) for line in runbook.run(NAMES).splitlines())
    policy = registry.root / ".gitreg" / "policy.toml"
    accepted = ", ".join(f'"{names[tag]}"' for tag in ("mnist@v1.1.0", "mnist#dev#1"))
    policy.write_text(policy.read_text().replace("[roles]", f"accepted = [{accepted}]\n[roles]"))
    world.change_policy("What Dave signed before")
    registry.push()
    with pytest.raises(VerificationError, match="mnist#dev#2 does not verify: signature"):
        registry.which("mnist", "dev")
    registry.rollback("mnist", "dev", push=True)
    assert "mnist#dev#2 does not verify" in world.said[-1]
    assert str(registry.which("mnist", "dev").version) == "v1.1.0"
    assert [failure.ref for failure in registry.verify().failures] == ["mnist#dev#2"]


def test_a_backdated_tag_of_the_thief_counts_for_nobody(world, registry: Registry, dave: Registry, runbook: Runbook):
    """Signed after the key was ended, dated before, pushed past the client's hook."""
    runbook.run(REVOKE)
    world.sh("git", "push", "-q", "origin", "main")
    dave.promote("mnist@v1.0.0", "staging")
    world.sh("git", "push", "-q", "--no-verify", "origin", "mnist#staging#1", cwd="daves")
    assert [(each.ref, each.check) for each in registry.fetch().refused] == [("mnist#staging#1", "signature")]


def test_with_receipts_what_was_seen_before_stays_without_a_list(world, registry: Registry, runbook: Runbook):
    add_key(registry.context, Principal("server"), read_key(world.root / "keys" / "eve.pub"))
    policy = registry.root / ".gitreg" / "policy.toml"
    text = policy.read_text().replace("[roles]\n", '[roles]\nserver = ["server"]\n')
    policy.write_text(text.replace("[rules]", '[receipts]\nfrom = ["server"]\n[rules]'))
    world.change_policy("Keep receipts")
    registry.push()
    dave = world.clone("daves", "dave")
    dave.promote("mnist@v1.0.0", "dev", push=True)
    server = world.clone("server", "eve")
    add_receipts(server.context)
    dave.promote("mnist@v1.0.0", "staging", push=True)
    registry.fetch()
    runbook.wait(60)
    runbook.run(REVOKE)
    assert failed(registry) == {("mnist#staging#1", "signature")}
