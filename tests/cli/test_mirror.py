"""`remote mirror` and `fsck --cluster`, as a user types them."""

from __future__ import annotations

import subprocess

import pytest

from gitreg.core.digest import Digest
from gitreg.storage.local import LocalStore
from tests.storage.helpers import damage, object_file


@pytest.fixture
def two(registry, ask):
    """A registry whose objects are in the first of two remotes."""
    for name in ("near", "far"):
        ask("remote", "add", name, f"file://{registry.parent}/{name}")
    ask("push", "near", "--objects-only")
    return LocalStore.open(registry.parent / "near"), registry.parent / "far"


def test_the_second_remote_serves_what_the_first_one_had(two, ask, registry):
    """A mirror would be of no use on the day it is needed."""
    near, far = two
    result = ask("remote", "mirror", "near", "far")
    assert result["ok"]
    assert result["written"] == len(list(near.names())) == len(list(LocalStore.open(far).names()))
    assert ask("fsck", "--remote", "far")["ok"]
    assert ask("remote", "mirror", "near", "far")["written"] == 0


def test_what_is_faulty_is_named_and_the_rest_copied(two, ask):
    """People would believe in a copy that is not whole."""
    near, far = two
    names = set(near.names())
    victim = min(digest for digest in names if Digest.of(near.read(digest)) == digest)
    damage(object_file(near, victim), lambda data: b"?" + data[1:])
    result = ask("remote", "mirror", "near", "far", code=1)
    faults = {Digest.parse(fault["digest"]): fault["kind"] for fault in result["faults"]}
    assert faults.pop(victim) == "corrupt"
    assert set(faults.values()) == {"missing"}  # the manifests that need it
    assert set(LocalStore.open(far).names()) == names - faults.keys() - {victim}


def test_a_cluster_that_would_do_nothing_is_a_usage_error(two, ask, gitreg, registry):
    """People would think that the cluster had worked."""
    for arguments in (("fsck", "--cluster", "tls://host:1"), ("remote", "mirror", "near", "near")):
        answer = gitreg(*arguments, cwd=registry)
        assert answer.returncode == 2
        assert "hint:" in answer.stderr


def test_secret_options_do_not_travel_in_the_clear(two, gitreg, registry):
    """A bucket's credentials would be read by whoever listens between here and the cluster."""
    subprocess.run(["git", "config", "gitreg.remote.near.secret", "hush"], cwd=registry, check=True)
    answer = gitreg("fsck", "--remote", "near", "--cluster", "tcp://cluster:8786", cwd=registry)
    assert answer.returncode == 1
    assert "in the clear" in answer.stderr
    assert "hush" not in answer.stderr
