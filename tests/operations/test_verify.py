"""Verify: every damage to facts or bytes is found and named by the step that failed."""

from __future__ import annotations

import pytest

from gitreg.api import Registry


@pytest.fixture
def stocked(world, registry: Registry) -> Registry:
    world.release(registry, b"two" * 50_000, "dev", "staging")
    registry.push()
    return registry


def failures(result) -> dict[str, str]:
    assert result.ok is False
    return {failure.ref: failure.check for failure in result.failures}


def test_everything_is_counted(stocked: Registry):
    facts = stocked.verify()
    assert (facts.ok, facts.checked) == (True, 4)
    data = stocked.verify(data=True)
    assert data.ok
    assert data.checked > facts.checked + 2


def test_a_flipped_byte(world, stocked: Registry, flipped):
    flipped(world.objects("work/.git")[0])
    flipped(world.objects("hub.git")[0])
    assert stocked.verify().ok
    assert failures(stocked.verify(data=True)) == {"mnist@v1.1.0": "data"}


def test_a_damaged_copy_here_is_told_even_if_another_is_intact(world, stocked: Registry, flipped):
    """Reading falls back to the shared store; a check must not pass over what is broken."""
    victim = world.objects("work/.git")[0]
    flipped(victim)
    assert (world.root / "work" / ".git") in victim.parents
    assert stocked.pull("mnist").verified


def test_a_missing_object(world, stocked: Registry):
    name = world.objects("work/.git")[0].name
    for path in world.objects("work/.git") + world.objects("hub.git"):
        if path.name == name:
            path.unlink()
    result = stocked.verify(data=True)
    assert failures(result) == {"mnist@v1.1.0": "data"}
    assert name[:12] in result.failures[0].reason


def test_a_changed_tag_fails_what_builds_on_it_too(world, stocked: Registry):
    world.forge("mnist@v1.1.0", "Gitreg-Action: register", "Gitreg-Action: register ")
    found = failures(stocked.verify())
    assert set(found) == {"mnist@v1.1.0", "mnist#dev#1", "mnist#staging#1"}
    assert failures(stocked.verify("mnist@v1.1.0")) == {"mnist@v1.1.0": found["mnist@v1.1.0"]}
    assert stocked.verify("mnist@v1.0.0").ok


def test_one_version_or_stage_is_a_result_too(world, stocked: Registry):
    world.sh("git", "tag", "-m", "trust me", "mnist#dev#2", "mnist@v1.0.0^{}")
    assert failures(stocked.verify("mnist#dev")) == {"mnist#dev#2": "signature"}
    assert stocked.verify("mnist#staging", data=True).ok
    assert stocked.verify("mnist@v1.1.0", data=True).checked > 2


def test_a_tag_that_was_removed_breaks_the_chain(world, stocked: Registry):
    world.release(stocked, b"three", "dev")
    world.sh("git", "tag", "-d", "mnist#dev#1")
    assert failures(stocked.verify()) == {"mnist#dev#1": "deleted", "mnist#dev#2": "chain"}


def test_a_tag_under_another_name(world, stocked: Registry):
    world.sh("git", "update-ref", "refs/tags/mnist#production#1", "refs/tags/mnist#dev#1")
    assert failures(stocked.verify()) == {"mnist#production#1": "name"}


def test_a_tag_of_another_registry(world, stocked: Registry, tmp_path):
    config = stocked.root / ".gitreg" / "config.toml"
    config.write_text(config.read_text().replace(stocked.context.config.id, "00000000-0000-4000-8000-000000000000"))
    assert set(failures(world.open().verify()).values()) == {"registry"}


def test_a_key_that_was_taken_out_is_no_key(world, stocked: Registry):
    signers = stocked.root / ".gitreg" / "allowed_signers"
    signers.write_text("".join(line for line in signers.read_text().splitlines(keepends=True) if "person@" not in line))
    world.change_policy("Ada's key leaked", who="dave")
    assert set(failures(stocked.verify()).values()) == {"signature"}


def test_a_working_pointer_s_bytes_are_read(world, stocked: Registry, flipped):
    assert stocked.verify("models/mnist.gitreg").ok
    for store in ("work/.git", "hub.git"):
        flipped(world.objects(store)[0])
    assert failures(stocked.verify("models/mnist.gitreg")) == {"models/mnist.gitreg": "data"}
