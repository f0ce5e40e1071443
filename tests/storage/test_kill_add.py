"""`gitreg add` killed with -9 at a hundred points: nothing torn, nothing dangling, and it goes on (W1-W3)."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from gitreg.core.digest import Digest
from gitreg.core.limits import MIB
from gitreg.core.pointer import parse_pointer
from gitreg.storage.local import LocalStore
from gitreg.storage.transfer import ensure_complete
from gitreg.storage.verified import is_object, read_manifest

KILLS = 110
ADD = (sys.executable, "-m", "gitreg", "add", "model")


@pytest.fixture
def registry(git_repo, sh):
    sh(git_repo, sys.executable, "-m", "gitreg", "init", "--new-key")
    (git_repo / "model").mkdir()
    return git_repo


def change(model, generator):
    """A large file and many small ones get new bytes, so that there is something to write."""
    (model / "large").write_bytes(generator.randbytes(6 * MIB))
    for number in range(40):
        (model / f"small{number}").write_bytes(generator.randbytes(20_000))


def looks(model):
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in model.iterdir()}


def killed_after(directory, seconds):
    """Whether the process was still there to be killed."""
    process = subprocess.Popen(ADD, cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        assert process.wait(seconds) == 0, process.stderr.read()
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    finally:
        process.communicate()
    return process.returncode != 0


class Checker:
    """Looks at what is new since the last look."""

    def __init__(self, registry):
        self.registry = registry
        self.known = set()

    def check(self):
        store = LocalStore.open(self.registry / ".git" / "gitreg")
        for digest in set(store.names()) - self.known:
            data = store.read(digest)
            assert is_object(digest, data), "a torn object under a digest"
            if Digest.of(data) != digest:
                assert ensure_complete(read_manifest(store, digest), store) == [], "a manifest before its chunks"
            self.known.add(digest)
        for text in (self.in_work_tree(), self.in_index()):
            if text:
                manifest = parse_pointer(text, "model.gitreg").manifest
                assert manifest in self.known, "a pointer before its manifest"

    def in_work_tree(self):
        pointer = self.registry / "model.gitreg"
        return pointer.read_bytes() if pointer.exists() else b""

    def in_index(self):
        shown = subprocess.run(
            ("git", "cat-file", "blob", ":model.gitreg"), cwd=self.registry, capture_output=True, check=False
        )
        return shown.stdout


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_a_hundred_points(registry):
    """A crash would leave torn objects, a pointer to nothing, changed sources, or an add that cannot go on."""
    generator = random.Random(int(os.environ.get("GITREG_TEST_SEED", "5")))
    checker, kills = Checker(registry), 0
    change(registry / "model", generator)
    started = time.monotonic()
    assert not killed_after(registry, 60)
    longest = time.monotonic() - started
    while kills < KILLS:
        change(registry / "model", generator)
        before = looks(registry / "model")
        kills += killed_after(registry, generator.uniform(0.05, 1.1) * longest)
        checker.check()
        assert looks(registry / "model") == before
    assert not killed_after(registry, 60)
    checker.check()
    left = {entry.name for entry in (registry / ".git" / "gitreg").iterdir()}
    assert left - {"stat-cache", "policy-ledger"} == {"format", "objects"}
