"""A registry shared through a service that is reached by way of a fault proxy, and clones of it in other processes."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gitreg.api import Registry
from gitreg.core.limits import MIB
from gitreg.core.remote_url import RemoteUrl
from gitreg.operations.add import AddRequest
from gitreg.operations.remotes import add_remote
from gitreg.operations.stores import remote_store
from gitreg.storage.remote.store import RemoteStore
from tests.operations.conftest import World
from tests.remotes.fault_proxy import FaultProxy
from tests.servers.s3 import S3Server, bucket_of
from tests.servers.server import Place


@dataclass
class Sharing:
    """`proxy` is the only way that the registry and its clones know to the service."""

    world: World
    server: S3Server
    proxy: FaultProxy
    place: Place

    @property
    def registry(self) -> Registry:
        return self.world.open()

    def set_up(self) -> None:
        """The service is the registry's default remote, and what has been there before is shared through it."""
        for name, value in self.place.options.items():
            self.world.sh("git", "config", "--global", f"gitreg.remote.shop.{name}", value)
        add_remote(self.registry.context, "shop", RemoteUrl.parse(self.place.url), default=True)
        self.world.sh("git", "commit", "-q", "-m", "A shop")
        self.registry.push()
        self.proxy.reset_counts()

    def add(self, files: Mapping[str, bytes], name: str = "big") -> Path:
        """Files of a model, committed and not pushed."""
        folder = self.world.write(name, dict(files))
        self.registry.add(AddRequest(folder, commit_message=f"Add {name}"))
        return folder

    def clone(self, where: str = "clone") -> Registry:
        return self.world.clone(where)

    def store(self, where: str = "work") -> RemoteStore:
        store = remote_store(self.world.open(where).context)
        assert isinstance(store, RemoteStore)
        return store

    def start(self, *words: str, where: str = "work") -> subprocess.Popen[bytes]:
        """`gitreg WORDS` in a process of its own."""
        command = [sys.executable, "-m", "gitreg", *words]
        env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=self.world.root / where, env=env, stdout=pipe, stderr=pipe)

    def objects(self) -> dict[str, int]:
        """Sizes of the service's objects, looked at from behind."""
        listing = self.server.client().list_objects_v2(Bucket=bucket_of(self.place))
        return {entry["Key"]: entry["Size"] for entry in listing.get("Contents", []) if "/objects/" in entry["Key"]}

    def put(self, key: str, data: bytes) -> None:
        self.server.client().put_object(Bucket=bucket_of(self.place), Key=key, Body=data)

    def get(self, key: str) -> bytes:
        data: bytes = self.server.client().get_object(Bucket=bucket_of(self.place), Key=key)["Body"].read()
        return data

    def delete(self, key: str) -> None:
        self.server.client().delete_object(Bucket=bucket_of(self.place), Key=key)

    def forget_checkouts(self) -> None:
        shutil.rmtree(self.world.open().context.settings.cache, ignore_errors=True)


def weights(size: int = 12 * MIB, seed: int = 1) -> dict[str, bytes]:
    """A model of one file, and one beside it."""
    return {"weights.bin": random.Random(seed).randbytes(size), "README.md": b"# Large\n"}
