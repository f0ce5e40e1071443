"""GTO reads a registry of ours as we do: same versions, same stages."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gitreg.api import Registry

GTO = Path(sys.executable).with_name("gto")
pytestmark = pytest.mark.skipif(not GTO.exists(), reason="gto is not installed")


def gto(world, *args: str) -> dict:
    done = subprocess.run(
        [GTO, "show", *args, "--json"], cwd=world.root / "work", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def theirs(world) -> dict[str, tuple[str | None, dict[str, str | None]]]:
    """Latest version and what each stage holds, by model, as GTO has it."""
    found = {}
    for name, entry in gto(world).items():
        stages = {stage: (held[0] if isinstance(held, list) else held) for stage, held in entry["stage"].items()}
        found[name] = (entry["version"], {stage: held for stage, held in stages.items() if held})
    return found


def ours(registry: Registry) -> dict[str, tuple[str | None, dict[str, str | None]]]:
    return {
        str(model.model): (
            str(model.latest) if model.latest else None,
            {str(stage): str(state.version) for stage, state in model.stages.items()},
        )
        for model in registry.models()
    }


def test_after_promotions_of_two_models(world, registry: Registry):
    world.release(registry, b"two", "dev", "staging")
    world.release(registry, b"other", "dev", name="other")
    assert (
        theirs(world)
        == ours(registry)
        == {
            "mnist": ("v1.1.0", {"dev": "v1.1.0", "staging": "v1.1.0"}),
            "other": ("v1.0.0", {"dev": "v1.0.0"}),
        }
    )


def test_after_a_rollback(world, registry: Registry):
    registry.promote("mnist", "dev")
    world.release(registry, b"two", "dev")
    registry.rollback("mnist", "dev")
    assert theirs(world) == ours(registry) == {"mnist": ("v1.1.0", {"dev": "v1.0.0"})}


def test_when_all_happens_within_one_second(world, registry: Registry, monkeypatch: pytest.MonkeyPatch):
    """GTO goes by the taggers' dates; ours never repeat within a model."""
    monkeypatch.setenv("GIT_COMMITTER_DATE", (datetime.now(UTC) + timedelta(minutes=1)).isoformat())
    frozen = world.open()
    for data in (b"two", b"three", b"four"):
        world.release(frozen, data, "dev")
    frozen.rollback("mnist", "dev")
    assert theirs(world) == ours(frozen) == {"mnist": ("v1.3.0", {"dev": "v1.2.0"})}


def test_after_a_stage_was_emptied_and_filled_again(world, registry: Registry):
    registry.promote("mnist", "dev")
    registry.unassign("mnist", "dev")
    registry.promote("mnist", "dev")
    assert theirs(world) == ours(registry) == {"mnist": ("v1.0.0", {"dev": "v1.0.0"})}


def test_where_gto_and_we_differ_on_emptied_stages(world, registry: Registry):
    """GTO's own defect: unassigning silently revives what the stage held before.  Ours holds nothing."""
    registry.promote("mnist", "dev")
    world.release(registry, b"two", "dev")
    registry.unassign("mnist", "dev")
    assert ours(registry) == {"mnist": ("v1.1.0", {})}
    assert theirs(world)["mnist"][0] == "v1.1.0"


def test_a_model_alone_lists_the_same_versions(world, registry: Registry):
    for data in (b"two", b"three"):
        world.release(registry, data)
    listed = [row["version"] for row in gto(world, "mnist")]
    assert sorted(listed) == sorted(str(version.version) for version in registry.model("mnist").versions)


def test_names_with_a_slash(world, registry: Registry):
    world.train(registry, b"ner", "team/ner")
    registry.register("team/ner")
    registry.promote("team/ner", "dev")
    assert ours(registry)["team/ner"] == ("v1.0.0", {"dev": "v1.0.0"})
    assert theirs(world).get("team/ner") == ("v1.0.0", {"dev": "v1.0.0"})


def test_their_unsigned_tags_are_shown_and_not_believed(world, registry: Registry):
    world.train(registry, b"two")
    subprocess.run(
        [GTO, "register", "mnist", "--version", "v2.0.0"], cwd=registry.root, check=True, capture_output=True
    )
    assert theirs(world)["mnist"][0] == "v2.0.0"
    assert ours(registry)["mnist"][0] == "v1.0.0"
    statuses = {str(version.version): version.status for version in registry.model("mnist").versions}
    assert statuses == {"v1.0.0": "registered", "v2.0.0": "unverified"}
