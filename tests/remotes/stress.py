"""What the processes of the stress test do: push and publish, or collect garbage, until they are killed."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from datetime import timedelta
from pathlib import Path

from gitreg.core.digest import Digest
from gitreg.errors import StorageError
from gitreg.operations.garbage.mark import mark
from gitreg.operations.garbage.survey import survey
from gitreg.storage.local import LocalStore
from gitreg.storage.open_store import open_store
from gitreg.storage.store import ObjectStore
from gitreg.storage.transfer import copy_artifact

GRACE = 3.0  # seconds; services tell times in whole ones
MOST_REFS = 6


class Scene:
    """What processes share: a store, and one file for each ref, which names a manifest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.refs = folder / "refs"
        self._place = json.loads((folder / "place").read_text())

    def store(self) -> ObjectStore:
        return open_store(*self._place)

    def published(self) -> dict[str, Digest]:
        found = {}
        for file in self.refs.glob("*.ref"):
            try:
                found[file.name] = Digest.parse(file.read_text())
            except FileNotFoundError:
                continue
        return found

    def publish(self, manifest: Digest) -> None:
        name = os.urandom(8).hex()
        (self.refs / f"{name}.new").write_text(str(manifest))
        (self.refs / f"{name}.new").rename(self.refs / f"{name}.ref")


def push_for_ever(scene: Scene) -> None:
    """Push something, publish it if that was quick enough to be allowed to, and take others back: some are garbage long
    before somebody wants them again."""
    here = LocalStore.open(scene.folder / "local")
    manifests = [Digest.parse(line) for line in (scene.folder / "manifests").read_text().split()]
    while True:
        manifest = random.choice(manifests)
        began = time.monotonic()
        copy_artifact(manifest, here, scene.store())
        time.sleep(random.random())
        if time.monotonic() - began < GRACE / 2:
            scene.publish(manifest)
        names = sorted(scene.published())
        for name in random.sample(names, k=max(0, len(names) - MOST_REFS)):
            (scene.refs / name).unlink(missing_ok=True)


def collect(scene: Scene, dither: float = 0.0) -> int:
    """One gc, as `gc --remote --force` does it, which may dither before it acts.  Returns how much it removed."""
    store = scene.store()
    seen = survey(store, timedelta(seconds=GRACE))
    marked = mark(store, dict.fromkeys(scene.published().values()))
    time.sleep(dither)
    settled = seen.sweep.settle(seen.aside, marked.digests, seen.settled)
    return settled.gone.objects + seen.sweep.remove_untouched(seen.garbage(marked.digests)).objects


def collect_for_ever(scene: Scene) -> None:
    while True:
        try:
            collect(scene, dither=random.random())
        except StorageError as error:
            if "not safe any more" not in error.message:
                raise


if __name__ == "__main__":
    {"push": push_for_ever, "gc": collect_for_ever}[sys.argv[1]](Scene(Path(sys.argv[2])))
