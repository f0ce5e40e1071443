"""Links: who has nothing but them gets exactly the file, and they are refused where they would be of no use."""

from __future__ import annotations

import hashlib
import random
import time
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest

from gitreg.api import Registry
from gitreg.core.remote_url import RemoteUrl
from gitreg.errors import GitregError, NotFoundError, RefusedError, StorageError, UsageError
from gitreg.operations.add import AddRequest
from gitreg.operations.recipients import encrypt_remote
from gitreg.operations.remotes import add_remote
from gitreg.operations.sealing.identity import new_identity
from tests.servers.fixtures import place_at

LARGE = random.Random(5).randbytes(9_000_000)
SMALL = {f"labels/{name}.txt": name.encode() * 200 for name in "abc"}
FILES = {"weights.bin": LARGE, "empty": b"", **SMALL}


def shared(world, place) -> Registry:
    add_remote(world.open().context, "far", RemoteUrl.parse(place.url), default=True)
    for key, value in place.options.items():
        world.sh("git", "config", f"gitreg.remote.far.{key}", value)
    return world.open()


def published(world, registry: Registry) -> Registry:
    folder = world.write("net", FILES)
    registry.add(AddRequest(folder, commit_message="Add net"))
    registry.register("net")
    registry.push()
    return registry


def fetched(result) -> bytes:
    """The parts by plain HTTP, in their order."""
    data = b""
    for part in result.parts:
        request = urllib.request.Request(part.url, headers={"Range": part.range} if part.range else {})
        with urllib.request.urlopen(request) as answer:
            piece = answer.read()
        assert (len(data), len(piece)) == (part.offset, part.length)
        data += piece
    assert (len(data), hashlib.sha256(data).hexdigest()) == (result.size, result.sha256)
    return data


@pytest.mark.parametrize("server", ["moto", "azurite"])
@pytest.mark.parametrize("driver", ["fsspec", "obstore"])
def test_every_file_comes_back_by_its_links(world, request, server, driver):
    """Large files are several objects, small ones a part of one that they share with others."""
    if driver == "obstore":
        pytest.importorskip("obstore")
    registry = published(world, shared(world, place_at(request, server, driver)))
    for path, data in FILES.items():
        result = registry.links("net", path)
        assert fetched(result) == data
        assert (result.path, result.verified, str(result.version)) == (path, True, "v1.0.0")
    assert len(registry.links("net", "weights.bin").parts) > 1
    assert any(part.range for path in SMALL for part in registry.links("net", path).parts)
    assert registry.links("net", "empty").parts == ()


@pytest.mark.parametrize("driver", ["fsspec", "obstore"])
def test_links_by_credentials_that_end_sooner_say_so(world, request, driver):
    """Links for a week, signed on a machine with a role, are dead the next morning."""
    if driver == "obstore":
        pytest.importorskip("obstore")
    registry = published(world, shared(world, place_at(request, "moto", driver)))
    assert not registry.links("net", "weights.bin").temporary
    world.sh("git", "config", "gitreg.remote.far.token", "of a role")
    assert world.open().links("net", "weights.bin").temporary


def test_a_link_works_as_long_as_was_said(world, moto):
    registry = published(world, shared(world, moto.place()))
    part = registry.links("net", "weights.bin", timedelta(days=7)).parts[0]
    assert "X-Amz-Expires=604800" in part.url
    for wrong in (timedelta(0), timedelta(seconds=-1), timedelta(days=7, seconds=1)):
        with pytest.raises(UsageError, match="7 days at most"):
            registry.links("net", "weights.bin", wrong)


@pytest.mark.slow
def test_no_link_leads_further_than_its_object_or_its_time(world, radosgw):
    """A link for one file would open the whole bucket, or for ever."""
    registry = published(world, shared(world, radosgw.place()))
    expired = registry.links("net", "weights.bin", timedelta(seconds=1)).parts[0].url
    time.sleep(2.5)
    part = registry.links("net", "weights.bin").parts[0]
    for other in (part.url.replace("/objects/", "/keys/"), part.url.partition("?")[0], expired):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(other)


def test_what_is_not_there_or_not_shared_is_said(world, moto):
    registry = shared(world, moto.place())
    folder = world.write("net", FILES)
    registry.add(AddRequest(folder, commit_message="Add net"))
    registry.register("net")
    with pytest.raises(StorageError):
        registry.links("net", "weights.bin")
    registry.push()
    with pytest.raises(NotFoundError, match=r"no file 'weight\.bin'") as refused:
        registry.links("net", "weight.bin")
    assert "weights.bin" in str(refused.value.hint)


def test_a_tag_that_does_not_verify_has_no_links(world, moto):
    """Somebody outside would be handed what nobody signed for."""
    published(world, shared(world, moto.place()))
    world.forge("net@v1.0.0", "Gitreg-Version: v1.0.0", "Gitreg-Version: v1.0.1")
    with pytest.raises(GitregError):
        world.open().links("net", "weights.bin")


def test_a_file_of_too_many_objects_is_refused_with_their_number(world, moto, monkeypatch):
    registry = published(world, shared(world, moto.place()))
    monkeypatch.setattr("gitreg.operations.links.MOST_PARTS", 1)
    with pytest.raises(RefusedError, match=r"is \d+ objects, which is too many links") as refused:
        registry.links("net", "weights.bin")
    assert "gitreg pull" in str(refused.value.hint)


def test_folders_have_no_links(world, registry: Registry):
    with pytest.raises(RefusedError, match="has no links to hand out"):
        registry.links("mnist", "weights.bin")


def test_sftp_has_no_links(world, sshd):
    registry = published(world, shared(world, sshd.place()))
    with pytest.raises(GitregError, match="has no links to hand out"):
        registry.links("net", "weights.bin")


def test_an_encrypted_store_has_no_links(world, moto, monkeypatch, tmp_path: Path):
    """They would lead to what nobody can read."""
    monkeypatch.setenv("GITREG_IDENTITY", str(tmp_path / "identity"))
    registry = shared(world, moto.place())
    new_identity(registry.context)
    encrypt_remote(registry.context, "far", [])
    registry = published(world, world.open())
    with pytest.raises(RefusedError, match="is encrypted"):
        registry.links("net", "weights.bin")
