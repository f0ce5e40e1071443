"""gc, retention and archive where the bytes are on services: everything at once, and bytes that lie on tape."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from gitreg.api import Registry
from gitreg.core.remote_url import RemoteUrl
from gitreg.errors import StorageError
from gitreg.operations import retention as retention_module
from gitreg.operations.context import utc_now
from gitreg.operations.fsck import FsckRequest, fsck
from gitreg.operations.garbage.shared import SharedGcRequest
from gitreg.operations.pull import PullRequest
from gitreg.operations.remotes import add_remote
from gitreg.storage.open_store import open_store
from gitreg.storage.remote.sweep import RemoteSweep
from tests.servers.fixtures import place_at
from tests.servers.s3 import bucket_of
from tests.servers.server import Place

pytestmark = pytest.mark.slow

RULES = """
[retention]
latest = 1
archive = "cold"
other = { then = "archive" }
"""


def add_place(world, name: str, place: Place, *, default: bool) -> None:
    add_remote(world.open().context, name, RemoteUrl.parse(place.url), default=default)
    for key, value in place.options.items():
        world.sh("git", "config", "--global", f"gitreg.remote.{name}.{key}", value)


@pytest.fixture(params=["obstore", "fsspec"])
def places(request: pytest.FixtureRequest) -> tuple[Place, Place]:
    return place_at(request, "moto", request.param), place_at(request, "moto", request.param)


@pytest.fixture
def shared(world, places: tuple[Place, Place], monkeypatch: pytest.MonkeyPatch, tmp_path) -> Registry:
    """mnist@v1.0.0, which is due to be archived, and mnist@v1.1.0, on a service."""
    settings = tmp_path / "gitconfig"
    settings.write_text(Path(os.environ["GIT_CONFIG_GLOBAL"]).read_text())
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setattr(retention_module, "utc_now", lambda: utc_now() + timedelta(minutes=1))
    add_place(world, "shared", places[0], default=True)
    add_place(world, "cold", places[1], default=False)
    world.sh("git", "commit", "-q", "-a", "-m", "Two remotes")
    policy = world.root / "work" / ".gitreg" / "policy.toml"
    policy.write_text(policy.read_text() + RULES)
    world.change_policy("Retention")
    world.release(world.open(), os.urandom(9999))
    registry = world.open()
    registry.push()
    return registry


def test_archived_on_a_service_and_pulled_from_there(world, shared: Registry, places: tuple[Place, Place]):
    """The parts work, and the whole loses a version."""
    patient = SharedGcRequest(grace=timedelta(seconds=1), force=True)
    manifest = shared.version("mnist@v1.0.0").manifest
    done = wait_for(lambda: shared.gc_shared(patient), lambda result: result.delete.objects == 2)
    assert done.blocked == ()
    assert open_store(places[1].url, places[1].options).present([manifest])
    assert not open_store(places[0].url, places[0].options).present([manifest])
    wait_for(lambda: shared.gc_shared(patient), lambda result: result.freed.objects == 2)
    other = world.clone("other")
    assert other.pull("mnist@v1.0.0", PullRequest(world.root / "out")).verified
    assert other.pull("mnist", PullRequest(world.root / "new")).verified


def test_fsck_finds_what_lies_aside(world, shared: Registry, places: tuple[Place, Place]):
    """Everything that was moved a moment before its ref came would be called lost, and nobody would miss what is."""
    store = open_store(places[0].url, places[0].options)
    sweep = RemoteSweep(store, timedelta(days=1))
    sweep.remove_untouched(sweep.listed())
    assert fsck(shared.context, FsckRequest("shared")).faults == ()
    damaged = next(sweep.aside())
    store.driver.put(damaged.key, b"damaged")
    result = fsck(shared.context, FsckRequest("shared"))
    assert (result.ok, [each.object for each in result.faults]) == (False, [damaged.digest])


def test_fsck_puts_back_what_lies_aside(world, shared: Registry, places: tuple[Place, Place]):
    """A clone that has no bytes would call lost what a sound copy of lies in the same bucket."""
    store = open_store(places[0].url, places[0].options)
    names = set(store.names())
    sweep = RemoteSweep(store, timedelta(days=1))
    sweep.remove_untouched(sweep.listed())
    manifests = {shared.version(f"mnist@v1.{minor}.0").manifest for minor in (0, 1)}
    first, second = (copy for copy in sweep.aside() if copy.digest not in manifests)
    store.driver.put(first.key[: first.key.rindex("/")] + "/0", b"a copy that is read before the sound one")
    store.driver.put(store.codec.key(second.digest), b"damaged in its place")
    other = world.clone("other").context
    assert {each.object for each in fsck(other, FsckRequest("shared")).faults} == {first.digest, second.digest}
    result = fsck(other, FsckRequest("shared", repair=True))
    assert (result.ok, {each.object for each in result.faults}) == (True, names)
    anew = open_store(places[0].url, places[0].options)
    assert set(anew.names()) == names
    assert fsck(other, FsckRequest("shared", sample=99)).faults == ()


def wait_for(attempt, enough):
    for _ in range(20):
        result = attempt()
        if enough(result):
            return result
        time.sleep(0.5)
    raise AssertionError(result)


def test_what_lies_on_tape_is_told_from_what_is_lost(world, shared: Registry, places: tuple[Place, Place], moto):
    """ "Access denied" would send people after credentials that are right."""
    assert shared.gc_shared(SharedGcRequest(grace=timedelta(days=1), force=True)).blocked == ()
    client, bucket = moto.client(), bucket_of(places[1])
    for entry in client.list_objects_v2(Bucket=bucket)["Contents"]:
        if "/objects/" in entry["Key"]:
            where = {"Bucket": bucket, "Key": entry["Key"]}
            client.copy_object(**where, CopySource=where, StorageClass="GLACIER", MetadataDirective="COPY")
    front = open_store(places[0].url, places[0].options)
    front.remove(list(front.names()))
    other = world.clone("other")
    with pytest.raises(StorageError, match="cannot be read at once") as error:
        other.pull("mnist@v1.0.0", PullRequest(world.root / "out"))
    assert "restore" in str(error.value.hint)
