"""Retention: only the signed policy gives bytes up, what people work with stays, and what is archived comes back."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta

import pytest

from gitreg.api import Registry
from gitreg.cli.version_view import version_lines
from gitreg.core.digest import Digest
from gitreg.core.names import ModelName, StageName
from gitreg.core.reference import parse_reference
from gitreg.core.retention import Then
from gitreg.errors import StorageError
from gitreg.operations import retention as retention_module
from gitreg.operations.add import AddRequest
from gitreg.operations.annotate import LineageRequest
from gitreg.operations.context import utc_now
from gitreg.operations.garbage.gc import GcRequest
from gitreg.operations.garbage.shared import SharedGcRequest, SharedGcResult
from gitreg.operations.pull import PullRequest
from gitreg.operations.resolve import find_in_stage, find_version
from gitreg.storage.local import LocalStore
from gitreg.storage.transfer import ensure_complete
from gitreg.storage.verified import read_manifest
from tests.operations.collecting import age, sweep

RULES = """
[retention]
latest = 1
archive = "cold"
other = { then = "delete" }
[retention.stages]
production = { then = "keep" }
staging = { then = "delete", days = 7 }
dev = { then = "archive" }
"""


@pytest.fixture(autouse=True)
def a_minute_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events one after the other may be dated a second ahead."""
    monkeypatch.setattr(retention_module, "utc_now", lambda: utc_now() + timedelta(minutes=1))


@pytest.fixture
def shared(world) -> Registry:
    """The registry with a shared store and an archive, mnist@v1.0.0 pushed there, and retention as above."""
    for name in ("store", "cold"):
        LocalStore.create(world.root / name)
    config = world.root / "work" / ".gitreg" / "config.toml"
    remotes = "".join(f'{name} = "file://{world.root}/{place}"\n' for name, place in
                      (("shared", "store"), ("cold", "cold")))  # fmt: skip
    config.write_text(config.read_text() + f'default_remote = "shared"\n[remotes]\n{remotes}')
    world.sh("git", "commit", "-q", "-a", "-m", "A store to share")
    allow(world, RULES)
    registry = world.open()
    registry.push()
    return registry


def allow(world, rules: str) -> None:
    policy = world.root / "work" / ".gitreg" / "policy.toml"
    policy.write_text(policy.read_text().partition("\n[retention]")[0].partition("\n[models")[0] + rules)
    world.change_policy("Retention")


def release(world, registry: Registry, *stages: str) -> str:
    version = world.release(registry, os.urandom(9999), *stages)
    registry.push()
    return f"mnist@v{version.removeprefix('v')}"


def collect(world, registry: Registry, **more: object) -> SharedGcResult:
    """Everything in the shared store is old, then gc; the clone has let go of what the store has."""
    age(LocalStore.open(world.root / "store"), 30)
    return registry.gc_shared(SharedGcRequest(force=True, **more))  # type: ignore[arg-type]


def fates(registry: Registry) -> dict[str, Then]:
    return {str(each.version): each.then for each in registry.retention().versions}


def has(world, place: str, manifest: Digest) -> bool:
    store = LocalStore.open(world.root / place)
    return bool(store.present([manifest])) and not ensure_complete(read_manifest(store, manifest), store)


def manifest_of(registry: Registry, reference: str) -> Digest:
    return registry.version(reference).manifest


def test_archived_versions_come_back(world, shared: Registry):
    """What was moved to the cheaper store would be lost to everybody who needs it."""
    first = release(world, shared, "dev")
    second = release(world, shared, "dev")
    manifest = manifest_of(shared, first)
    assert fates(shared) == {"mnist@v1.0.0": Then.DELETE, first: Then.ARCHIVE, second: Then.KEEP}
    result = collect(world, shared)
    assert (result.blocked, result.delete.objects) == ((), 4)
    assert (has(world, "store", manifest), has(world, "cold", manifest)) == (False, True)
    assert has(world, "store", manifest_of(shared, second))
    other = world.clone("other")
    assert other.pull(first, PullRequest(world.root / "out")).verified
    assert any("archive" in said for said in world.said)
    assert collect(world, shared).delete.objects == 0


def test_a_version_says_what_becomes_of_its_bytes(world, shared: Registry):
    """Who looks a version up would plan with bytes that are on their way out, or not know where to look for them."""
    first, second = release(world, shared, "dev"), release(world, shared, "staging")
    last = release(world, shared, "staging")
    due = {name: shared.version(name).retention for name in ("mnist@v1.0.0", first, second, last)}
    seen = [(each.then, each.archive, each.until is None) for each in due.values()]
    assert seen == [
        (Then.DELETE, None, True),
        (Then.KEEP, None, True),
        (Then.KEEP, None, False),
        (Then.KEEP, None, True),
    ]
    release(world, shared, "dev")
    archived = shared.version(first).retention
    assert (archived.then, archived.archive) == (Then.ARCHIVE, "cold")
    spans = {name: [span for line in version_lines(shared.version(name)) for span in line] for name in due}
    lines = {name: "".join(span.text for span in said) for name, said in spans.items()}
    assert "gc deletes them from the shared store: in no stage since" in lines["mnist@v1.0.0"]
    assert "gc moves them to the archive cold: left dev on" in lines[first]
    assert "stay until 20" in lines[second]
    assert "bytes" not in lines[last]
    allow(world, "")
    assert shared.version(first).retention is None


def test_a_version_is_shown_although_another_model_is_harmed(world, shared: Registry):
    """One lost tag would take every version of the registry out of sight."""
    world.release(shared, os.urandom(99), name="other")
    world.release(shared, os.urandom(99), name="other")
    release(world, shared)
    shared.models()
    world.sh("git", "tag", "-d", "other@v1.1.0")
    registry = world.open()
    shown = registry.version("mnist@v1.0.0")
    assert (shown.verified, shown.retention) == (True, None)
    assert any("cannot be told" in said for said in world.said)


def test_deleted_versions_say_what_happened(world, shared: Registry):
    """ "Object not found" would look like a fault of the store."""
    release(world, shared)
    collect(world, shared)
    manifest = manifest_of(shared, "mnist@v1.0.0")
    assert not has(world, "store", manifest)
    assert not has(world, "cold", manifest)
    other = world.clone("other")
    with pytest.raises(StorageError, match=r"mnist@v1\.0\.0 .* given up: in no stage since") as error:
        other.pull("mnist@v1.0.0", PullRequest(world.root / "out"))
    assert "gitreg add" in str(error.value.hint)
    assert other.version("mnist@v1.0.0").verified
    assert other.verify().ok


def test_times_go_by_when_a_version_left(world, shared: Registry, monkeypatch: pytest.MonkeyPatch):
    """A week in staging would be counted from the promotion, and the version go while it is used."""
    first = release(world, shared, "staging")
    assert fates(shared)[first] is Then.KEEP
    release(world, shared, "staging")
    (waiting,) = (each for each in shared.retention().versions if str(each.version) == first)
    assert (waiting.then, waiting.until is not None) == (Then.KEEP, True)
    monkeypatch.setattr(retention_module, "utc_now", lambda: utc_now() + timedelta(days=8))
    assert fates(shared)[first] is Then.DELETE


OWN_TERMS = {
    "all but mnist": (RULES + '[models.mnist]\nretention.other = { then = "keep" }\n', Then.KEEP),
    "mnist alone": ('\n[retention]\n[models."mn*"]\nretention.other = { then = "delete" }\n', Then.DELETE),
    "none but mnist": ('\n[models."mn*"]\nretention.other = { then = "delete" }\n', Then.DELETE),
    "another": ('\n[models."team/*"]\nretention.other = { then = "delete" }\n', Then.KEEP),
}


@pytest.mark.parametrize("case", OWN_TERMS)
def test_a_models_own_terms(world, shared: Registry, case: str):
    """What one team needs for ever would go with everybody's experiments, or everybody's with theirs."""
    rules, then = OWN_TERMS[case]
    allow(world, rules)
    release(world, shared)
    assert fates(shared)["mnist@v1.0.0"] is then
    gone = 2 if then is Then.DELETE else 0
    assert collect(world, shared).delete.objects == gone


def test_what_people_work_with_stays(world, shared: Registry):
    """A branch that is being worked on would lose the bytes under its pointer."""
    world.sh("git", "branch", "old")
    release(world, shared)
    result = collect(world, shared)
    assert result.delete.objects == 0
    (held,) = (each for each in result.versions if str(each.version) == "mnist@v1.0.0")
    assert (held.then, "at the tip of a branch" in held.reason) == (Then.KEEP, True)
    world.sh("git", "branch", "-q", "-D", "old")
    assert collect(world, shared).delete.objects == 2


def test_a_tag_of_somebodys_own_keeps_what_it_names(world, shared: Registry):
    """Somebody pinned it in words, outside of gitreg."""
    manifest = manifest_of(shared, "mnist@v1.0.0")
    world.sh("git", "tag", "-a", "-m", f"the paper used {manifest}", "paper")
    release(world, shared)
    assert collect(world, shared).delete.objects == 0


def test_only_the_policy_in_force_counts(world, shared: Registry):
    """Whoever can edit a file could have everybody's versions deleted by the next gc."""
    allow(world, "")
    shared.push()
    release(world, shared)
    policy = world.root / "work" / ".gitreg" / "policy.toml"
    policy.write_text(policy.read_text() + RULES)
    assert collect(world, shared).delete.objects == 0
    world.sh("git", "commit", "-q", "-a", "-m", "Unsigned")
    assert collect(world, world.open()).delete.objects == 0


def test_events_that_were_not_fetched_stop_it(world, shared: Registry):
    """Somebody has just promoted the version to production, and this clone does not know."""
    release(world, shared)
    world.clone("other").promote("mnist@v1.0.0", "dev", push=True)
    result = collect(world, shared)
    assert ([each.what for each in result.blocked], result.delete.objects) == (["retention"], 0)
    assert "gitreg fetch" in result.blocked[0].reason
    shared.fetch()
    assert fates(shared)["mnist@v1.0.0"] is Then.KEEP


def test_what_a_kept_version_was_made_from_is_kept(world, shared: Registry):
    """The model stays, and nobody could train or examine it again: its data went."""
    data = world.write("data", {"rows.csv": b"1,2\n" * 999})
    shared.add(AddRequest(data, commit_message="Data"))
    shared.register("data")
    folder = world.write("made", {"w": b"made" * 999})
    shared.add(AddRequest(folder, lineage=LineageRequest(data=("data@v1.0.0",)), commit_message="Model"))
    shared.register("made")
    shared.add(AddRequest(world.write("data", {"rows.csv": b"3,4\n" * 999}), commit_message="New data"))
    shared.register("data")
    assert fates(shared)["data@v1.0.0"] is Then.KEEP
    assert any("was made from it" in each.reason for each in shared.retention().versions)


def test_an_event_that_does_not_verify_keeps(world, shared: Registry):
    """A key was revoked, its promotions count no more, and the versions that were in production would go."""
    assert fates(shared)["mnist@v1.0.0"] is Then.KEEP  # the only one
    release(world, shared, "dev")
    assert fates(shared)["mnist@v1.0.0"] is Then.DELETE
    held = find_in_stage(shared.context, ModelName("mnist"), StageName("dev"))
    first = find_version(shared.context, parse_reference("mnist@v1.0.0")).registration
    event = held.stage.event._replace(n=2, version=first.event.version, version_tag=first.oid)
    world.sign_anyway(world.open(who="eve"), event, first.target)
    assert fates(shared)["mnist@v1.0.0"] is Then.KEEP


def damaged(world) -> dict[str, object]:
    shutil.rmtree(world.root / "cold")
    (world.root / "cold").write_text("no directory")
    return {}


NO_ARCHIVE = {
    "the archive is away": damaged,
    "the archive is another, which is away": lambda _world: {"archive": "file:///proc/nowhere"},
    "the archive is the store itself": lambda world: {"archive": f"file://{world.root}/store/."},
    "no archive is named": lambda world: allow(world, RULES.replace('archive = "cold"\n', "")) or {},
}


@pytest.mark.parametrize("obstacle", NO_ARCHIVE.values(), ids=NO_ARCHIVE.keys())
def test_what_cannot_be_archived_stays(world, shared: Registry, obstacle):
    """Moved aside before it is anywhere else, it would be gone a month later."""
    first = release(world, shared, "dev")
    release(world, shared, "dev")
    more = obstacle(world)
    world.open().push()
    result = collect(world, world.open(), **more)
    assert [each.what for each in result.blocked] == ["archive"]
    assert has(world, "store", manifest_of(shared, first))


def test_the_user_can_name_the_archive(world, shared: Registry):
    """A policy without an archive could not be carried out."""
    first = release(world, shared, "dev")
    release(world, shared, "dev")
    collect(world, shared, archive=f"file://{world.root}/elsewhere")
    assert has(world, "elsewhere", manifest_of(shared, first))
    assert not has(world, "store", manifest_of(shared, first))


def test_a_push_does_not_bring_back_what_was_given_up(world, shared: Registry):
    """Every clone that still has the bytes would fill the store again."""
    first = release(world, shared, "dev")
    release(world, shared, "dev")
    collect(world, shared)
    shared.push()
    store = LocalStore.open(world.root / "store")
    assert not store.present([manifest_of(shared, first), manifest_of(shared, "mnist@v1.0.0")])
    assert sweep(shared, GcRequest(force=True)).delete.objects == 0  # here, everything that is named stays
