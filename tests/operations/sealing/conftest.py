"""A registry whose remote, a bucket at a real server, is encrypted: by ada, who is an admin, for ada and bob."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gitreg.api import Registry
from gitreg.core.remote_url import RemoteUrl
from gitreg.operations.recipients import (
    RecipientsChange,
    RecipientsResult,
    change_recipients,
    encrypt_remote,
    list_recipients,
)
from gitreg.operations.remotes import add_remote
from gitreg.operations.sealing.identity import new_identity, show_identity
from gitreg.storage.remote.sealing.identity import Recipient


@dataclass
class SealedWorld:
    """The world of the other tests, with a bucket; people have clones and identities by their names."""

    world: Any
    client: Any
    bucket: str
    options: dict[str, str]
    monkeypatch: pytest.MonkeyPatch

    def become(self, who: str) -> None:
        """Act with somebody's identity from here on."""
        self.monkeypatch.setenv("GITREG_IDENTITY", str(self.world.root / "identities" / who))
        self.monkeypatch.setenv("XDG_CACHE_HOME", str(self.world.root / "caches" / who))

    def open(self, where: str = "work", who: str = "ada") -> Registry:
        self.become(who)
        return self.world.open(where, who)

    def recipient(self, who: str) -> Recipient:
        """Somebody's, made when it is first asked for."""
        self.become(who)
        path = self.world.root / "identities" / who
        context = self.world.open().context
        result = show_identity(context) if path.exists() else new_identity(context)
        self.become("ada")
        return Recipient(Recipient.parse(result.recipient).key, f"{who}@example.com")

    def clone(self, where: str, who: str) -> Registry:
        """A fresh clone of what is shared, with options but without anything it has seen before."""
        self.world.clone(where)
        self.set_options(where)
        return self.open(where, who)

    def set_options(self, where: str) -> None:
        for key, value in self.options.items():
            self.world.sh("git", "config", f"gitreg.remote.vault.{key}", value, cwd=where)

    def change(self, who: str = "ada", **change: Any) -> RecipientsResult:
        return change_recipients(self.open(who=who).context, "vault", RecipientsChange(**change))

    def names(self, who: str = "ada") -> set[str]:
        return {each.name for each in list_recipients(self.open(who=who).context, "vault").recipients}

    def publish(self, data: bytes, where: str = "work", who: str = "ada") -> None:
        """A new version of mnist, in Git and in the bucket."""
        registry = self.open(where, who)
        self.world.train(registry, data)
        registry.register("mnist", push=False)
        registry.push()

    def contents(self) -> dict[str, bytes]:
        """All that the bucket's owner sees."""
        listed = self.client.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return {entry["Key"]: self.get(entry["Key"]) for entry in listed}

    def get(self, key: str) -> bytes:
        return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def put(self, key: str, data: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=key, Body=data)

    def remove(self, *keys: str) -> None:
        for key in keys:
            self.client.delete_object(Bucket=self.bucket, Key=key)

    def under(self, folder: str) -> dict[str, bytes]:
        return {key: value for key, value in self.contents().items() if f"/{folder}/" in key}


@pytest.fixture
def plain(world, moto, monkeypatch: pytest.MonkeyPatch) -> SealedWorld:
    """The remote `vault` is configured and empty."""
    place = moto.place()
    there = SealedWorld(world, moto.client(), place.url.split("/")[2], dict(place.options), monkeypatch)
    there.recipient("ada")
    add_remote(there.open().context, "vault", RemoteUrl.parse(place.url), default=True)
    world.sh("git", "commit", "-q", "-m", "A remote")
    there.set_options("work")
    return there


@pytest.fixture
def vault(plain: SealedWorld) -> SealedWorld:
    """`vault` is encrypted, and that is committed; mnist@v1.0.0 is pushed to it."""
    encrypt_remote(plain.open().context, "vault", [plain.recipient("bob")])
    plain.world.sh("git", "commit", "-q", "-m", "Encrypt")
    plain.open().push()
    return plain


@pytest.fixture
def identities(tmp_path: Path) -> Path:
    return tmp_path / "world" / "identities"
