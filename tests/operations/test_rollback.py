"""Rolling back, and the other events that take away: to where, how often, and when not."""

from __future__ import annotations

import pytest

from gitreg.api import Registry
from gitreg.errors import NotFoundError, RefusedError


def held(registry: Registry, stage: str = "dev") -> str:
    return str(registry.which("mnist", stage).version)


@pytest.fixture
def three(world, registry: Registry) -> Registry:
    """v1.0.0, v1.1.0 and v1.2.0 have been in dev, in this order."""
    registry.promote("mnist", "dev")
    world.release(registry, b"two", "dev")
    world.release(registry, b"three", "dev")
    return registry


def test_rolling_back_returns_to_the_version_before_with_the_reason(three: Registry):
    made = three.rollback("mnist", "dev", message="Too slow")
    assert (made.event, made.n, str(made.version)) == ("rollback", 4, "v1.1.0")
    assert three.history()[0].message == "Too slow"
    assert three.verify().ok


def test_rolling_back_twice_goes_back_twice_and_never_to_what_was_left(three: Registry):
    """In an incident the second rollback must not bring the first bad version back."""
    three.rollback("mnist", "dev")
    assert str(three.rollback("mnist", "dev").version) == "v1.0.0"
    with pytest.raises(NotFoundError, match="held no other version before"):
        three.rollback("mnist", "dev")
    assert held(three) == "v1.0.0"


def test_a_promotion_after_a_rollback_stands_on_what_was_returned_to(world, three: Registry):
    three.rollback("mnist", "dev")
    world.release(three, b"four", "dev")
    assert str(three.rollback("mnist", "dev").version) == "v1.1.0"


def test_any_version_that_the_stage_held_can_be_named(world, three: Registry):
    three.rollback("mnist", "dev", to="v1.0.0")
    assert held(three) == "v1.0.0"
    assert str(three.rollback("mnist", "dev", to="v1.2.0").version) == "v1.2.0"
    world.release(three, b"four")
    with pytest.raises(RefusedError, match=r"did not hold v1\.3\.0") as refused:
        three.rollback("mnist", "dev", to="v1.3.0")
    assert "v1.0.0" in str(refused.value.hint)
    with pytest.raises(RefusedError, match="did not hold"):
        three.rollback("mnist", "dev", to="v9.0.0")
    with pytest.raises(RefusedError, match="already"):
        three.rollback("mnist", "dev", to="v1.2.0")


def test_nothing_before(registry: Registry):
    with pytest.raises(NotFoundError):
        registry.rollback("mnist", "dev")
    registry.promote("mnist", "dev")
    with pytest.raises(NotFoundError, match="held no other version before"):
        registry.rollback("mnist", "dev")
    with pytest.raises(NotFoundError):
        registry.rollback("nope", "dev")


def test_a_withdrawn_version_is_passed_over(three: Registry):
    three.deregister("mnist", "v1.1.0")
    assert str(three.rollback("mnist", "dev").version) == "v1.0.0"


def test_an_emptied_stage_returns_to_what_it_held_last(three: Registry):
    three.unassign("mnist", "dev")
    assert str(three.rollback("mnist", "dev").version) == "v1.2.0"


def test_an_emptied_stage_holds_nothing_rather_than_an_older_version(three: Registry):
    made = three.unassign("mnist", "dev", message="Switched off")
    assert (made.tag, made.n) == ("mnist#dev!#4", 4)
    with pytest.raises(NotFoundError, match="emptied"):
        three.which("mnist", "dev")
    assert three.model("mnist").stages == {}
    with pytest.raises(NotFoundError, match="holds nothing"):
        three.unassign("mnist", "dev")
    with pytest.raises(NotFoundError):
        three.pull("mnist#dev")
    assert three.promote("mnist@v1.2.0", "dev").n == 5


def test_a_version_is_not_withdrawn_while_a_stage_holds_it(three: Registry):
    with pytest.raises(RefusedError, match="is in dev") as refused:
        three.deregister("mnist", "v1.2.0")
    assert "unassign mnist dev" in str(refused.value.hint)
    three.rollback("mnist", "dev")
    three.deregister("mnist", "v1.2.0", message="Leaks")
    assert str(three.version("mnist").version) == "v1.1.0"
    with pytest.raises(NotFoundError, match="was deregistered"):
        three.pull("mnist@v1.2.0")
    with pytest.raises(NotFoundError, match="was deregistered"):
        three.promote("mnist@v1.2.0", "dev")
    with pytest.raises(NotFoundError, match="was deregistered"):
        three.deregister("mnist", "v1.2.0")
    assert [version.status for version in three.model("mnist").versions] == ["deregistered", "registered", "registered"]


def test_the_number_of_a_withdrawn_version_is_not_used_again(world, three: Registry):
    three.unassign("mnist", "dev")
    three.deregister("mnist", "v1.2.0")
    with pytest.raises(RefusedError, match="exists already"):
        three.register("mnist", version="v1.2.0")
    assert world.release(three, b"four") == "v1.3.0"


def test_a_deprecated_model_is_shown_as_that_and_still_works(three: Registry):
    three.deprecate("mnist", message="Use the other one")
    assert three.model("mnist").status == "deprecated"
    assert held(three) == "v1.2.0"
    with pytest.raises(RefusedError, match="deprecated already"):
        three.deprecate("mnist")
    with pytest.raises(NotFoundError):
        three.deprecate("nope")


@pytest.mark.parametrize("who", ["mallory", "eve", "bob"])
def test_who_may_not_take_away_signs_nothing(world, three: Registry, who: str):
    other, before = world.open(who=who), world.refs()
    for attempt in (
        lambda: other.rollback("mnist", "dev"),
        lambda: other.unassign("mnist", "dev"),
        lambda: other.deregister("mnist", "v1.0.0"),
        lambda: other.deprecate("mnist"),
    ):
        with pytest.raises(RefusedError, match="would not be accepted"):
            attempt()
    assert world.refs() == before
