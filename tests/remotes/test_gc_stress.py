"""Processes that push the same and overlapping artifacts, gcs with a grace of seconds beside them, and kill -9 for all.

What docs/adr/0019 argues step by step is tried here by chance: what was published is complete, and garbage goes.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitreg.errors import StorageError
from gitreg.operations.garbage.mark import mark
from gitreg.storage.ingest import ingest
from gitreg.storage.local import LocalStore
from gitreg.storage.open_store import create_store
from gitreg.storage.verified import read_chunk, read_manifest
from tests.remotes.stress import GRACE, Scene, collect

pytestmark = pytest.mark.slow

PUSHERS, GCS, ARTIFACTS, SECONDS = 6, 2, 16, 12
PAUSE = 0.4
ROOT = Path(__file__).parents[2]


def incomplete(scene: Scene) -> list[str]:
    """The artifacts that are published, before and after a look at them, and of which some byte cannot be read."""
    store, bad = scene.store(), {}
    for name, digest in scene.published().items():
        try:
            for chunk in read_manifest(store, digest).chunks:
                read_chunk(store, chunk.digest)
        except StorageError as error:
            bad[name] = error.message
    return [f"{name}: {bad[name]}" for name in scene.published() if name in bad]


@pytest.fixture
def scene(radosgw, tmp_path: Path) -> Scene:
    """Artifacts of which each half is also half of another."""
    place = radosgw.place()
    create_store(place.url, place.options)
    (tmp_path / "refs").mkdir()
    here = LocalStore.create(tmp_path / "local")
    parts = [os.urandom(300_000) for _ in range(ARTIFACTS)]
    manifests = []
    for number in range(ARTIFACTS):
        folder = tmp_path / f"model-{number}"
        folder.mkdir()
        (folder / "a").write_bytes(parts[number])
        (folder / "b").write_bytes(parts[(number + 1) % ARTIFACTS])
        manifests.append(ingest(folder, here).digest)
    here.flush()
    (tmp_path / "manifests").write_text("\n".join(map(str, manifests)))
    (tmp_path / "place").write_text(json.dumps([place.url, dict(place.options)]))
    return Scene(tmp_path)


def start(scene: Scene, deed: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.remotes.stress", deed, str(scene.folder)]
    with (scene.folder / f"{deed}.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)


def run_and_kill(scene: Scene) -> Iterator[int]:
    """Processes of both kinds, one of which is killed and replaced at every step."""
    deeds = ["push"] * PUSHERS + ["gc"] * GCS
    running = [start(scene, deed) for deed in deeds]
    try:
        while True:
            yield sum(process.poll() not in {None, -signal.SIGKILL} for process in running)
            at = random.randrange(len(running))
            running[at].kill()
            running[at].wait()
            running[at] = start(scene, deeds[at])
    finally:
        for process in running:
            process.kill()
            process.wait()


def test_what_is_published_is_complete_and_garbage_goes(scene: Scene):
    """A push beside a gc would lose its bytes once in a thousand times, and nobody would know why (W4)."""
    steps = run_and_kill(scene)
    until = time.monotonic() + SECONDS
    failed, lost = 0, []
    while time.monotonic() < until:
        failed += next(steps)
        time.sleep(PAUSE)
        lost += incomplete(scene)
    steps.close()
    logs = "".join(log.read_text()[-2000:] for log in scene.folder.glob("*.log"))
    assert failed == 0, logs
    assert scene.published(), logs
    assert [*lost, *incomplete(scene)] == []

    # nobody is left: after two more looks only what is named is there
    kept = dict(list(scene.published().items())[:2])
    for name in scene.published().keys() - kept.keys():
        (scene.refs / name).unlink()
    for _ in range(3):
        collect(scene)
        time.sleep(2 * GRACE + 1)
    assert collect(scene) == 0
    store = scene.store()
    assert set(store.names()) == mark(store, kept.values()).digests
    assert incomplete(scene) == []
