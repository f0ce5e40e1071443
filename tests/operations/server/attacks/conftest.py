"""Who must refuse an attack: a server with the hook, behind `git daemon`; and where a host has none, every client."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import gitreg
from gitreg.api import Registry
from gitreg.core.names import Principal
from gitreg.errors import NotFoundError, VerificationError
from gitreg.operations.context import Settings
from gitreg.operations.policy.keys import add_key, read_key, revoke_keys
from gitreg.operations.policy.sign import sign_policy
from tests.operations.server.attacks.forging import Forger

STAGES = ("dev", "staging", "production")


class Host(ABC):
    """Where the attacker pushes."""

    def __init__(self, world: Any) -> None:
        self.world = world

    def accepts(self, *refs: str) -> None:
        """What is in order goes through, so that what follows is refused for its own reason."""
        self.world.sh("git", "push", "-q", "origin", *refs)

    @abstractmethod
    def refuses(self, *refs: str, check: str, reason: str, where: str = "work") -> str:
        """The attack is tried; whoever can refuse it does, in this step and for this reason.  What git said."""


class Enforcing(Host):
    """A server with the hook."""

    def __init__(self, server: Any) -> None:
        super().__init__(server.world)
        self._server = server

    def refuses(self, *refs: str, check: str, reason: str, where: str = "work") -> str:
        return self._server.refused(*refs, check=check, reason=reason, cwd=where)


class Plain(Host):
    """Stock git: it takes everything, and readers must not believe it."""

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self._reader: Registry = world.clone("reader", "mallory")
        self._reader.fetch()

    def accepts(self, *refs: str) -> None:
        super().accepts(*refs)
        assert self._reader.fetch().refused == ()

    def refuses(self, *refs: str, check: str, reason: str, where: str = "work") -> str:
        before = answers(self._reader)
        said = self.world.sh("git", "push", "-q", "--force", "--no-verify", "origin", *refs, cwd=where)
        refused = self._reader.fetch().refused
        assert any(each.check == check and reason in each.reason for each in refused), refused
        # what was known stays what is answered
        assert answers(self._reader) == before
        # who takes everything over with plain git gets no answer that the attack changed
        fresh = self.world.clone("fresh")
        assert not fresh.verify().ok or check in ("moved", "deleted", "policy")
        assert all(new in (old, None) for old, new in zip(before, answers(fresh), strict=True)) or check == "deleted"
        return said


def answers(registry: Registry) -> list[tuple[str, str] | None]:
    """What each stage of mnist holds, and its latest version, as (tag object, commit); None if there is no answer."""
    return [*(_held(registry, stage) for stage in STAGES), _latest(registry)]


def _held(registry: Registry, stage: str) -> tuple[str, str] | None:
    try:
        held = registry.which("mnist", stage)
    except (NotFoundError, VerificationError):
        return None
    return held.tag, held.commit


def _latest(registry: Registry) -> tuple[str, str] | None:
    try:
        found = registry.version("mnist")
    except (NotFoundError, VerificationError):
        return None
    return str(found.version), found.commit


@dataclass
class Shared:
    """A registry that people share, an attacker among them, and who is to refuse."""

    world: Any
    registry: Registry
    host: Host
    forger: Forger

    def add_key(self, principal: str, key: str) -> None:
        add_key(self.registry.context, Principal(principal), read_key(self.world.root / "keys" / f"{key}.pub"))
        self._commit("Another key")

    def revoke(self, whose: str) -> None:
        revoke_keys(self.registry.context, whose)
        self._commit("A laptop was stolen")

    def edit(self, file: str, old: str, new: str) -> None:
        """A change of the policy as it should be: signed by an admin."""
        self.write(file, old, new)
        sign_policy(self.registry.context)
        self._commit("Change the policy")

    def write(self, file: str, old: str, new: str) -> None:
        place = self.registry.root / ".gitreg" / file
        assert old in place.read_text()
        place.write_text(place.read_text().replace(old, new, 1))

    def second(self) -> str:
        """Another version, of the same bytes, that has been nowhere yet."""
        self.registry.register("mnist", bump="minor")
        self.host.accepts("mnist@v1.1.0")
        return "mnist@v1.1.0"

    def _commit(self, message: str) -> None:
        self.world.sh("git", "commit", "-q", "-m", message)
        self.host.accepts("main")


@pytest.fixture(scope="session")
def template(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As all others have it, and mnist@v1.0.0 is in staging for all to see."""
    root = tmp_path_factory.mktemp("staged") / "world"
    shutil.copytree(template, root, symlinks=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(root))
        patch.setenv("GIT_CONFIG_GLOBAL", str(root / "gitconfig"))
        registry = gitreg.open(root / "work", Settings(key=str(root / "keys" / "ada")))
        registry.promote("mnist", "staging", push=True)
    return root


@pytest.fixture(params=["hook", "no hook"])
def shared(request: pytest.FixtureRequest, world: Any, registry: Registry) -> Shared:
    if request.param == "hook":
        server, url = request.getfixturevalue("server"), request.getfixturevalue("daemon")
        world.sh("git", "remote", "set-url", "origin", url)
        host: Host = Enforcing(server)
    else:
        world.sh("git", "remote", "set-url", "origin", f"file://{world.root}/hub.git")
        host = Plain(world)
    return Shared(world, registry, host, Forger(world))


@pytest.fixture
def host(shared: Shared) -> Host:
    return shared.host


@pytest.fixture
def forger(shared: Shared) -> Forger:
    return shared.forger
