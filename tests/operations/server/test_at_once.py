"""Two people at once, and what the server writes after a push."""

from __future__ import annotations

import subprocess

import pytest

from gitreg.api import Registry
from gitreg.core.names import Principal
from gitreg.operations.policy.keys import add_key, read_key
from gitreg.operations.receipts.audit import verify_receipts


@pytest.mark.parametrize("rounds", [10, pytest.param(100, marks=pytest.mark.slow)])
def test_of_two_who_promote_at_once_one_wins(server, world, registry: Registry, rounds: int):
    """Both sign the stage's next event; whichever push the server takes first is the event."""
    clones = {"work": registry, "daves": world.clone("daves", "dave")}
    for n in range(1, rounds + 1):
        tag = f"mnist#dev#{n}"
        for clone in clones.values():
            if n % 2:
                clone.promote("mnist", "dev")
            else:
                clone.unassign("mnist", "dev")
                tag = f"mnist#dev!#{n}"
        pushes = {
            where: subprocess.Popen(
                ["git", "push", "-q", "origin", f"refs/tags/{tag}"], cwd=world.root / where, stderr=subprocess.PIPE
            )
            for where in clones
        }
        for push in pushes.values():
            push.communicate(timeout=60)
        won = [where for where, push in pushes.items() if push.returncode == 0]
        assert len(won) == 1, f"round {n}"
        oid = world.sh("git", "rev-parse", tag, cwd="hub.git")
        assert oid == world.sh("git", "rev-parse", tag, cwd=won[0])
        for where, clone in clones.items():
            if where not in won:
                world.sh("git", "update-ref", "-d", f"refs/tags/{tag}", cwd=where)
                assert clone.fetch().accepted == (tag,)
    assert registry.verify().ok


def test_the_server_confirms_what_it_accepted(server, world, registry: Registry):
    add_key(registry.context, Principal("server"), read_key(world.root / "keys" / "eve.pub"))
    server.sign_policy(
        lambda text: text.replace("[roles]\n", '[roles]\nserver = ["server"]\n').replace(
            "[rules]", '[receipts]\nfrom = ["server"]\nrequired = true\n[rules]'
        )
    )
    world.sh("git", "config", "gitreg.receiptKey", str(world.root / "keys" / "eve"), cwd="hub.git")
    server.accepted("main")
    registry.register("mnist", bump="minor", push=True)
    assert registry.fetch().refused == ()
    registry.promote("mnist@v1.1.0", "dev", push=True)
    registry.fetch()
    assert registry.which("mnist", "dev").n == 1
    assert verify_receipts(registry.context).checked == 2
