"""A metric gate may compare with a named version: believed of it is what its signed tag vouches for."""

from __future__ import annotations

import pytest

from gitreg.api import Registry
from gitreg.gates.gate import GateResult, Verdict


@pytest.fixture
def compared(world, registry: Registry) -> Registry:
    """The stage `staging` allows a loss of 0.01 against mnist@v1.0.0, which has 0.95."""
    policy = registry.root / ".gitreg" / "policy.toml"
    text = policy.read_text().replace("min = 0.9\n", 'max_regression = 0.01\nbaseline = "v1.0.0"\n')
    policy.write_text(text)
    world.change_policy("Compare with the first one")
    return registry


def judged(world, registry: Registry, accuracy: float) -> GateResult:
    world.train(registry, repr(accuracy).encode(), accuracy=accuracy)
    (result,) = registry.run_gates(f"mnist@{registry.register('mnist').version}", "staging")
    return result


def test_the_named_version_is_compared_with_although_the_stage_holds_another(world, compared: Registry):
    world.train(compared, b"a step down", accuracy=0.945)
    compared.promote(f"mnist@{compared.register('mnist').version}", "staging")
    result = judged(world, compared, 0.936)
    assert result.verdict is Verdict.FAIL
    assert result.reason == "worse by 0.014 than the 0.95 of v1.0.0, 0.01 allowed"


def test_a_version_that_was_withdrawn_is_no_baseline_even_if_it_was_before(world, compared: Registry):
    """The verdict of before is remembered by figures that nobody vouches for any more."""
    assert judged(world, compared, 0.95).passed
    compared.deregister("mnist", "v1.0.0")
    (result,) = world.open().run_gates("mnist", "staging")
    assert result.verdict is Verdict.ERROR
    assert "was deregistered" in result.reason


def test_a_version_that_is_not_registered_lets_nothing_through(world, compared: Registry):
    policy = compared.root / ".gitreg" / "policy.toml"
    policy.write_text(policy.read_text().replace('"v1.0.0"', '"v7.0.0"'))
    world.change_policy("Compare with nothing")
    result = judged(world, compared, 0.95)
    assert (result.verdict, "v7.0.0" in result.reason) == (Verdict.ERROR, True)
