"""One contract for every kind of store: the same tests run against each."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from gitreg.core.digest import Digest
from gitreg.errors import FormatError, MissingDependencyError, StorageError, UsageError
from gitreg.storage.open_store import create_store, local_path, open_store
from gitreg.storage.store import MissingObjectError
from tests.servers.fixtures import SERVED, place_at
from tests.servers.server import Place

A, B, C = (b"a" * 10, b"b" * 100_000, b"")


HERE = ("plain path", "file url", "memory", "fsspec local")


@pytest.fixture(params=[*HERE, *SERVED])
def place(request, tmp_path):
    """A new place for a store: on this machine, or at a server."""
    if isinstance(request.param, tuple):
        return place_at(request, *request.param)
    urls = {
        "plain path": str(tmp_path / "remote"),
        "file url": f"file://{tmp_path}/re%20mote",
        "memory": f"memory://{uuid.uuid4().hex}/prefix",
        "fsspec local": f"local://{tmp_path}/remote",
    }
    return Place(urls[request.param], {})


def put(store, *contents):
    """From several threads, as transfers do."""
    digests = [Digest.of(data) for data in contents]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(store.write, digests, contents))
    store.flush()
    return digests


def test_what_was_written_is_there_for_whoever_opens_the_store_later(place):
    """Pushed bytes would be lost."""
    digests = put(create_store(place.url, place.options), A, B, C)
    again = open_store(place.url, place.options)
    assert again.present(set(digests)) == set(digests)
    assert [again.read(digest) for digest in digests] == [A, B, C]
    assert sorted(again.names()) == sorted(digests)


def test_unflushed_objects_are_readable_by_their_writer(place):
    """A writer could not verify what it has just written."""
    store = create_store(place.url, place.options)
    store.write(Digest.of(A), memoryview(A))
    assert store.present([Digest.of(A)]) == {Digest.of(A)}
    assert store.read(Digest.of(A)) == A


def test_missing_objects_are_named(place):
    """A user could not tell which object is lost, or that it is not the network."""
    store = create_store(place.url, place.options)
    digest = Digest.of(b"never written")
    with pytest.raises(MissingObjectError, match=digest.hex):
        store.read(digest)
    assert store.present([digest]) == set()


def test_presence_of_many_objects(place):
    """The listing and the one-by-one way of asking must agree."""
    store = create_store(place.url, place.options)
    digests = put(store, *(bytes([number % 256, number // 256]) for number in range(300)))
    strangers = {Digest.of(b"x%d" % number) for number in range(400)}
    assert store.present(strangers | set(digests)) == set(digests)


def test_removal_and_writing_again(place):
    """gc would fail on objects that another gc removed, or a removed object could not come back."""
    store = create_store(place.url, place.options)
    (digest,) = put(store, A)
    store.remove([digest, Digest.of(B)])
    assert store.present([digest]) == set()
    put(store, A)
    put(store, A)
    assert store.read(digest) == A


def test_creating_twice_keeps_the_objects(place):
    """Running init again would lose a store."""
    (digest,) = put(create_store(place.url, place.options), A)
    assert create_store(place.url, place.options).read(digest) == A


def test_a_store_that_is_not_there(place):
    """A typo in a URL would silently make a second store, or look like lost objects."""
    with pytest.raises(StorageError, match="no gitreg store") as caught:
        open_store(place.url, place.options)
    assert caught.value.hint


def test_unknown_layout_is_refused(tmp_path):
    """An old program would misread a newer store."""
    create_store(str(tmp_path / "s"))
    (tmp_path / "s" / "format").write_bytes(b"gitreg-store 2\n")
    for url in (str(tmp_path / "s"), f"local://{tmp_path}/s"):
        with pytest.raises(FormatError, match="gitreg-store 2"):
            open_store(url)


def test_messages_hold_no_secrets():
    """Passwords in URLs would end up in CI logs."""
    with pytest.raises((StorageError, MissingDependencyError)) as caught:
        open_store("nosuch://user:hunter2@host/path?key=hunter2", {"password": "hunter2"})
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in create_store("memory://user:hunter2@x/p").describe()


@pytest.mark.parametrize("url", ["file://host/path", "file://relative"])
def test_odd_file_urls_are_refused(url):
    """A store would be made in a surprising place."""
    with pytest.raises(UsageError):
        local_path(url)


def test_parts_are_apart_and_whole(place):
    """Work that is shared out by parts would see an object twice, or never."""
    store = create_store(place.url, place.options)
    digests = put(store, *(bytes([number]) for number in range(20)))
    parts = {digest.hex[:2] for digest in digests}
    nothing = next(part for part in map("{:02x}".format, range(256)) if part not in parts)
    by_part = [(part, digest) for part in [*parts, nothing] for digest in store.names(part)]
    assert sorted(digest for _, digest in by_part) == sorted(digests)
    assert all(digest.hex.startswith(part) for part, digest in by_part)
