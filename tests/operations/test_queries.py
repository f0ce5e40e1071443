"""Which, show and history: what is held, by whom it was signed, and what is not believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gitreg.api import Registry
from gitreg.core.names import ModelName, StageName
from gitreg.errors import NotFoundError, UsageError, VerificationError
from gitreg.operations.history import HistoryFilter


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def dated(world, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """v1.0.0 in dev since January, v1.1.0 since March, nothing since June."""
    for month, step in (
        ("01", lambda then: then.promote("mnist", "dev")),
        ("03", lambda then: world.release(then, b"two", "dev")),
        ("06", lambda then: then.unassign("mnist", "dev")),
    ):
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"2031-{month}-01T12:00:00Z")
        step(world.open())
    return registry


def test_which_at_a_time(dated: Registry):
    held = [str(dated.which("mnist", "dev", at=at(when)).version) for when in ("2031-01-02", "2031-03-02")]
    assert held == ["v1.0.0", "v1.1.0"]
    for when in ("2030-12-31", "2031-06-02"):
        with pytest.raises(NotFoundError, match="held nothing"):
            dated.which("mnist", "dev", at=at(when))


def test_a_clock_that_runs_ahead_orders_nothing(world, registry: Registry, monkeypatch: pytest.MonkeyPatch):
    """GTO goes by dates: there, one tag dated 2099 pins production for ever."""
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2099-01-01T00:00:00Z")
    world.open().promote("mnist", "dev")
    monkeypatch.delenv("GIT_COMMITTER_DATE")
    world.release(registry, b"two", "dev")
    assert str(registry.which("mnist", "dev").version) == "v1.1.0"


def test_show_tells_stages_versions_and_sizes(world, registry: Registry):
    world.release(registry, b"two", "dev", "staging")
    (model,) = registry.models()
    assert (model.model, model.kind, str(model.latest), model.status, model.files) == (
        "mnist",
        "model",
        "v1.1.0",
        "active",
        2,
    )
    assert list(model.stages) == ["dev", "staging"]
    assert (str(model.stages[StageName("dev")].version), model.stages[StageName("dev")].n) == ("v1.1.0", 1)
    details = registry.version("mnist#staging")
    assert (details.deployed_to, details.verified, details.metrics) == (("dev", "staging"), True, {"accuracy": 0.95})
    assert [(gate.name, gate.verdict) for gate in details.gates] == [("accuracy", "pass")]


def test_a_model_that_nobody_registered_yet_is_shown_as_that(world, registry: Registry):
    world.train(registry, b"x", "other")
    assert [(model.model, model.status) for model in registry.models()] == [
        ("mnist", "active"),
        ("other", "unregistered"),
    ]
    assert registry.model("other").latest is None


def test_one_odd_tag_affects_its_own_line_and_nothing_else(world, registry: Registry):
    """GTO: one odd tag breaks every command."""
    registry.promote("mnist", "dev")
    world.sh("git", "tag", "mnist@v2.0.0")
    world.sh("git", "tag", "-m", "unsigned", "mnist#staging#7")
    world.sh("git", "tag", "mnist#dev#99999999999999999999")
    world.sh("git", "tag", "other@v1.0.0", "HEAD^{tree}")
    assert str(registry.version("mnist@v1.0.0").version) == "v1.0.0"
    assert str(registry.which("mnist", "dev").version) == "v1.0.0"
    mnist, other = registry.models()
    assert (str(mnist.latest), other.status) == ("v1.0.0", "unverified")
    assert mnist.stages[StageName("staging")].verified is False
    assert {entry.tag: entry.verified for entry in registry.history()} == {
        "mnist@v1.0.0": True,
        "mnist#dev#1": True,
        "mnist@v2.0.0": False,
        "mnist#staging#7": False,
        "other@v1.0.0": False,
    }


def test_latest_is_never_something_unverified(world, registry: Registry):
    world.sh("git", "tag", "-m", "unsigned", "mnist@v9.0.0")
    with pytest.raises(VerificationError, match=r"mnist@v9\.0\.0"):
        registry.pull("mnist")


def test_history_is_newest_first_and_filters(dated: Registry):
    assert [entry.event for entry in dated.history()][:4] == ["unassign", "promote", "register", "promote"]
    assert [entry.n for entry in dated.history(HistoryFilter(stage=StageName("dev")))] == [3, 2, 1]
    assert len(dated.history(HistoryFilter(since=at("2031-02-01")))) == 3
    assert len(dated.history(HistoryFilter(model=ModelName("mnist"), limit=2))) == 2
    with pytest.raises(NotFoundError):
        dated.history(HistoryFilter(model=ModelName("nope")))


def test_what_a_name_never_was(registry: Registry):
    for ask in (registry.model, registry.version, registry.pull, registry.path, registry.lineage, registry.verify):
        with pytest.raises(NotFoundError):
            ask("nope")
        with pytest.raises(UsageError):
            ask("No/../pe")
    with pytest.raises(NotFoundError):
        registry.which("mnist", "production")


def test_events_within_one_second_keep_their_order(world, registry: Registry, monkeypatch: pytest.MonkeyPatch):
    moment = datetime.now(UTC) + timedelta(hours=1)
    monkeypatch.setenv("GIT_COMMITTER_DATE", moment.isoformat())
    registry = world.open()
    world.release(registry, b"two", "dev")
    world.release(registry, b"three", "dev")
    registry.rollback("mnist", "dev")
    assert [entry.event for entry in registry.history()][:3] == ["rollback", "promote", "register"]
    assert [entry.n for entry in registry.history(HistoryFilter(stage=StageName("dev")))] == [3, 2, 1]
