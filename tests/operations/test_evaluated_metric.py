"""A metric that is computed again, in a registry: the dataset is the registered one with the manifest of the policy."""

from __future__ import annotations

import pytest

from gitreg.api import Registry
from gitreg.gates.gate import GateResult, Verdict

EVALUATE = """\
#!/usr/bin/env python3
import json, pathlib, sys
asked = json.load(sys.stdin)
model, dataset = (pathlib.Path(asked[key], "weights.bin").read_text() for key in ("checkout", "dataset"))
print(json.dumps({"metrics": {"accuracy": 0.95 if model == dataset else 0.5}}))
"""


def guard(world, registry: Registry, dataset: str) -> None:
    """The stage `staging` asks gates/evaluate.py, on what `dataset` means."""
    policy = registry.root / ".gitreg" / "policy.toml"
    options = f'min = 0.9\nevaluate = ["gates/evaluate.py"]\ndataset = "{dataset}"\ntimeout = 20\n'
    policy.write_text(policy.read_text().replace("min = 0.9\n", options))
    (registry.root / "gates").mkdir()
    (registry.root / "gates" / "evaluate.py").write_text(EVALUATE)
    world.sh("git", "add", "gates")
    world.change_policy("Compute the accuracy again")


def judged(world, registry: Registry, data: bytes) -> GateResult:
    world.train(registry, data)
    (result,) = registry.run_gates(f"mnist@{registry.register('mnist').version}", "staging")
    return result


@pytest.fixture
def pinned(world, registry: Registry) -> Registry:
    """`digits` has two versions, and the policy means the first."""
    added = world.train(registry, b"first", "digits")
    registry.register("digits")
    world.release(registry, b"second", name="digits")
    guard(world, registry, f"digits@{added.manifest}")
    return registry


def test_the_pinned_dataset_decides_and_not_a_newer_one(world, pinned: Registry):
    assert judged(world, pinned, b"first").verdict is Verdict.PASS
    result = judged(world, pinned, b"second")
    assert (result.verdict, result.figure) == (Verdict.FAIL, "accuracy 0.95, evaluated 0.5")


def test_the_figure_that_was_computed_is_signed(world, pinned: Registry):
    world.release(pinned, b"first", "staging")
    assert "accuracy 0.95, evaluated 0.95" in world.sh("git", "cat-file", "tag", "mnist#staging#1")


def test_a_dataset_that_was_withdrawn_lets_nothing_through(world, pinned: Registry):
    pinned.deregister("digits", "v1.0.0")
    assert judged(world, pinned, b"first").verdict is Verdict.ERROR


def test_bytes_that_nobody_registered_are_no_dataset(world, registry: Registry):
    """The manifest is known here, as it was added, but no signed tag vouches for it."""
    guard(world, registry, f"digits@{world.train(registry, b'first', 'digits').manifest}")
    result = judged(world, registry, b"first")
    assert (result.verdict, "digits" in result.reason) == (Verdict.ERROR, True)
