"""`remote check`, as a user types it."""

from __future__ import annotations

import subprocess

import pytest

from tests.servers.s3 import bucket_of
from tests.servers.server import Place


@pytest.fixture
def remote(registry, ask):
    """`remote(place)`: the registry's remote `store` is there, and its options in the user's configuration."""

    def add(place: Place) -> None:
        ask("remote", "add", "store", place.url)
        for name, value in place.options.items():
            subprocess.run(["git", "config", f"gitreg.remote.store.{name}", value], check=True)

    return add


@pytest.fixture
def shared(moto, remote, ask) -> Place:
    """A bucket that the registry has been pushed to."""
    place = moto.place()
    remote(place)
    ask("push", "store", "--objects-only")
    return place


def keys(server, place: Place) -> list[str]:
    listing = server.client().list_objects_v2(Bucket=bucket_of(place))
    return [entry["Key"] for entry in listing["Contents"]]


def test_all_is_well(shared, moto, ask):
    """People would look for faults where there are none, or find rubbish in their bucket."""
    before = keys(moto, shared)
    result = ask("remote", "check", "store")
    assert {attempt["what"] for attempt in result["attempts"]} == {"read", "list", "write", "look", "copy", "delete"}
    assert not any(attempt["problem"] for attempt in result["attempts"])
    assert result["pull"]
    assert result["push"]
    assert result["collect"]
    assert result["created"]
    assert result["driver"] == "obstore"
    assert abs(result["clock_difference"]) <= 2
    assert keys(moto, shared) == before


def test_who_may_only_read_is_told_so_and_it_is_no_fault(radosgw, remote, ask):
    """Machines that only pull could not be checked, or a check would promise what push then can't do."""
    place = radosgw.place()
    remote(place)
    ask("push", "store", "--objects-only")
    for name, value in radosgw.read_only(place).options.items():
        subprocess.run(["git", "config", f"gitreg.remote.store.{name}", value], check=True)
    result = ask("remote", "check", "store")
    assert (result["pull"], result["push"], result["collect"]) == (True, False, False)
    assert [attempt["what"] for attempt in result["attempts"] if attempt["denied"]] == ["write"]


def test_a_bucket_that_is_not_there(shared, moto, remote, ask, gitreg, registry):
    """A typo in a URL would look like a network that fails."""
    ask("remote", "add", "typo", "s3://nobody-made-this/team")
    for name, value in shared.options.items():
        subprocess.run(["git", "config", f"gitreg.remote.typo.{name}", value], check=True)
    result = ask("remote", "check", "typo", code=1)
    assert not result["pull"]
    assert "no such bucket" in result["attempts"][0]["problem"]
    answer = gitreg("remote", "check", "typo", cwd=registry)
    assert answer.returncode == 1
    assert "never makes buckets" in answer.stderr
    assert shared.options["secret"] not in answer.stdout + answer.stderr


def test_a_folder_can_be_checked_too(registry, ask, remote):
    """Only half of the remotes could be."""
    remote(Place(f"file://{registry.parent}/folder", {}))
    ask("push", "store", "--objects-only")
    result = ask("remote", "check", "store")
    assert result["push"]
    assert result["driver"] == "fsspec"
    assert [path.name for path in (registry.parent / "folder").glob("check-*")] == []
