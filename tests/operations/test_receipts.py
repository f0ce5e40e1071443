"""Receipts: a trusted writer's log gives time and completeness, only ever grows, and is optional."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from gitreg.api import Registry
from gitreg.core.names import ModelName, Principal
from gitreg.errors import NotFoundError, RefusedError, VerificationError
from gitreg.operations.policy.keys import add_key, read_key
from gitreg.operations.policy.sign import sign_policy
from gitreg.operations.receipts.audit import verify_receipts
from gitreg.operations.receipts.receipts import add_receipts, list_receipts

LOG = "refs/gitreg/log"
SERVER = '\n[receipts]\nfrom = ["server"]\n'


def change_policy(world, registry: Registry, *changes: tuple[str, str]) -> None:
    """As an admin does: edited, signed, committed, pushed."""
    policy = registry.root / ".gitreg" / "policy.toml"
    text = policy.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    policy.write_text(text)
    sign_policy(registry.context)
    world.sh("git", "commit", "-q", "-a", "-m", "Change the policy", cwd=registry.root.name)
    world.sh("git", "push", "-q", "origin", "main", cwd=registry.root.name)


@pytest.fixture
def logged(world, registry: Registry) -> Registry:
    """eve's key is now the server's, and the policy lets it write receipts."""
    add_key(registry.context, Principal("server"), read_key(world.root / "keys" / "eve.pub"))
    change_policy(
        world, registry, ("[roles]\n", '[roles]\nserver = ["server"]\n'), ("[rules]", SERVER.strip() + "\n[rules]")
    )
    return registry


@pytest.fixture
def ci(world, logged: Registry) -> Registry:
    """The writer's own clone."""
    return world.clone("ci", "eve")


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """`at(-400)`: let it be so many days from now, for registries that are opened from here on."""
    real = time.time

    def set_clock(days: int) -> None:
        monkeypatch.setattr(time, "time", lambda: real() + days * 86_400)
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"{int(real()) + days * 86_400} +0000")

    return set_clock


def test_without_receipts_everything_works_and_verify_says_what_is_missing(world, registry: Registry):
    assert registry.verify().ok
    assert any("no receipts: times are the signers' own" in line for line in world.said)
    assert list_receipts(registry.context) == ()
    with pytest.raises(NotFoundError):
        verify_receipts(registry.context)


def test_a_writer_confirms_what_is_shared_and_everybody_gets_it(world, ci: Registry, logged: Registry):
    logged.promote("mnist", "dev", push=True)
    ci.fetch()
    added = add_receipts(ci.context)
    assert (added.receipts, added.refused, added.pushed) == (("mnist#dev#1", "mnist@v1.0.0"), (), True)
    assert add_receipts(ci.context).receipts == ()
    assert logged.fetch().refused == ()
    assert [entry.tag for entry in list_receipts(logged.context, ModelName("mnist"))] == list(added.receipts)
    assert list_receipts(logged.context, ModelName("other")) == ()
    result = verify_receipts(logged.context)
    assert (result.ok, result.checked) == (True, 2)
    world.said.clear()
    assert logged.verify().ok
    assert not any("no receipts" in line for line in world.said)
    fresh = world.clone("fresh")
    assert fresh.fetch().refused == ()
    assert verify_receipts(fresh.context).ok


def test_stock_git_verifies_the_log_and_reads_the_state(world, ci: Registry, logged: Registry):
    """The last event of a stage is one look-up, without gitreg and without the tags before it."""
    logged.promote("mnist", "dev", push=True)
    ci.fetch()
    add_receipts(ci.context)
    world.sh("git", "config", "gpg.ssh.allowedSignersFile", ".gitreg/allowed_signers", cwd="ci")
    assert 'Good "git" signature for server' in world.sh("git", "verify-commit", LOG, cwd="ci")
    held = world.sh("git", "show", f"{LOG}:mnist/#dev", cwd="ci")
    assert held == f"mnist#dev#1 {world.sh('git', 'rev-parse', 'mnist#dev#1', cwd='ci').strip()}\n"
    world.sh("git", "fsck", "--strict", cwd="ci")


def test_only_the_writer_writes(world, logged: Registry):
    with pytest.raises(RefusedError, match="may not write receipts"):
        add_receipts(logged.context)
    assert LOG not in world.refs("work")


def test_what_does_not_verify_gets_no_receipt(world, ci: Registry, logged: Registry):
    world.sh("git", "tag", "-m", "trust me", "mnist#dev#1", "mnist@v1.0.0^{}", cwd="ci")
    world.sh("git", "push", "-q", "origin", "mnist#dev#1", cwd="ci")
    added = add_receipts(ci.context)
    assert added.receipts == ("mnist@v1.0.0",)
    assert [(each.ref, each.check) for each in added.refused] == [("mnist#dev#1", "signature")]


def test_what_was_never_shared_gets_no_receipt(ci: Registry, world):
    world.open("ci").promote("mnist", "dev")
    assert add_receipts(ci.context).receipts == ("mnist@v1.0.0",)


def test_a_key_that_has_run_out_cannot_date_back(world, ci: Registry, logged: Registry, at):
    """Without a receipt the signer's own date decides; with one, when it was really seen."""
    add_receipts(ci.context)
    signers = logged.root / ".gitreg" / "allowed_signers"
    text = signers.read_text()
    dave = next(line for line in text.split("\n") if line.startswith("dave"))
    signers.write_text(text.replace(dave, dave.replace("namespaces", 'valid-before="20260101Z",namespaces')))
    change_policy(world, logged)
    thief = world.clone("thief", "dave")
    at(-400)
    world.open("thief", "dave").promote("mnist", "dev")
    at(0)
    assert thief.verify().ok
    world.sh("git", "push", "-q", "origin", "mnist#dev#1", cwd="thief")
    ci.fetch()
    added = add_receipts(ci.context)
    assert [(each.ref, each.check) for each in added.refused] == [("mnist#dev#1", "signature")]


def test_a_key_may_run_out_once_its_tags_have_receipts(world, ci: Registry, logged: Registry, at):
    """Rotation: what was seen in time stays valid, whatever its signer's clock said."""
    at(2000)
    world.open().promote("mnist", "dev")
    at(0)
    world.sh("git", "push", "-q", "origin", "mnist#dev#1")
    ci.fetch()
    add_receipts(ci.context)
    signers = logged.root / ".gitreg" / "allowed_signers"
    text = signers.read_text()
    signers.write_text(text.replace("namespaces", 'valid-before="20310101Z",namespaces', 1))
    change_policy(world, logged)
    assert not logged.verify().ok
    logged.fetch()
    assert logged.verify().ok


def test_required_means_that_nothing_counts_without(world, ci: Registry, logged: Registry):
    change_policy(world, logged, ('from = ["server"]', 'from = ["server"]\nrequired = true'))
    failures = logged.verify().failures
    assert [(each.ref, each.check) for each in failures] == [("mnist@v1.0.0", "receipt")]
    ci.fetch()
    world.sh("git", "merge", "-q", "--ff-only", "origin/main", cwd="ci")
    add_receipts(ci.context)
    logged.fetch()
    assert logged.verify().ok
    logged.promote("mnist", "dev", push=True)
    with pytest.raises(VerificationError, match="receipt: no trusted writer"):
        logged.which("mnist", "dev")
    ci.fetch()
    add_receipts(ci.context)
    logged.fetch()
    assert logged.which("mnist", "dev").n == 1


def test_a_hidden_tag_is_missed_by_a_fresh_clone(world, ci: Registry, logged: Registry):
    """Truncation: a host that shows an older state can't show the log that fits it."""
    logged.promote("mnist", "dev", push=True)
    ci.fetch()
    add_receipts(ci.context)
    world.sh("git", "update-ref", "-d", "refs/tags/mnist#dev#1", cwd="hub.git")
    fresh = world.clone("fresh")
    fresh.fetch()
    failures = fresh.verify().failures
    assert [(each.ref, each.check) for each in failures] == [("mnist#dev#1", "receipt")]
    assert "it is not here" in failures[0].reason


def rewrite(world, tip: str) -> None:
    world.sh("git", "update-ref", LOG, tip, cwd="hub.git")


def test_a_remote_log_that_went_back_or_elsewhere_is_refused(world, ci: Registry, logged: Registry):
    add_receipts(ci.context)
    first = world.sh("git", "rev-parse", LOG, cwd="ci").strip()
    logged.promote("mnist", "dev", push=True)
    ci.fetch()
    add_receipts(ci.context)
    logged.fetch()
    second = world.sh("git", "rev-parse", LOG).strip()
    rewrite(world, first)
    assert [(each.ref, each.check) for each in logged.fetch().refused] == [(LOG, "receipt")]
    world.sh("git", "update-ref", "-d", LOG, cwd="hub.git")
    assert "no longer has the log" in logged.fetch().refused[0].reason
    forked = world.clone("forked", "eve")
    forked.fetch()
    world.sh("git", "update-ref", "-d", LOG, cwd="hub.git")
    add_receipts(forked.context)
    assert "it follows nothing" in logged.fetch().refused[0].reason
    assert world.sh("git", "rev-parse", LOG).strip() == second
    assert logged.verify().ok


def test_a_local_log_that_was_overwritten_stops_everything(world, ci: Registry, logged: Registry):
    """A plain `git fetch +refs/*:refs/*` must not make the clone forget."""
    add_receipts(ci.context)
    logged.fetch()
    logged.verify()
    world.sh("git", "update-ref", LOG, "HEAD")
    with pytest.raises(VerificationError, match="refs/gitreg/log"):
        logged.which("mnist", "dev")


def test_what_is_remembered_may_be_lost(world, ci: Registry, logged: Registry):
    add_receipts(ci.context)
    logged.fetch()
    (logged.root / ".git" / "gitreg" / "receipts").write_bytes(b"rubbish")
    assert [entry.tag for entry in list_receipts(logged.context)] == ["mnist@v1.0.0"]
    assert verify_receipts(logged.context).ok


def test_a_branch_serves_where_other_refs_do_not(world, ci: Registry, logged: Registry):
    for where in ("ci", "work"):
        world.sh("git", "config", "gitreg.receiptBranch", "gitreg-log", cwd=where)
    add_receipts(ci.context)
    assert "refs/heads/gitreg-log" in world.refs("hub.git")
    assert LOG not in world.refs("hub.git")
    logged.fetch()
    assert verify_receipts(logged.context).ok


def test_two_writers_at_once_lose_no_receipt(world, ci: Registry, logged: Registry):
    """The loser of the push begins again on top of the winner's receipts."""
    other = world.clone("ci2", "eve")
    add_receipts(ci.context)
    logged.promote("mnist", "dev", push=True)
    other.fetch()
    assert add_receipts(other.context).receipts == ("mnist#dev#1",)
    logged.promote("mnist", "staging", push=True)
    ci.fetch()
    assert add_receipts(ci.context).receipts == ("mnist#staging#1",)
    assert verify_receipts(ci.context).checked == 3
