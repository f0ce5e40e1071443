"""What a user does with a remote, by the program itself, at every server by the driver that it chooses."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import new_repo, run_command
from tests.servers.server import Place

FILES = {f"part-{number}.bin": random.Random(number).randbytes(300_000 + number) for number in range(8)}
# Where a test's secret could come out again.
SECRETS = ("secret", "account-key", "sas-token")


@dataclass(frozen=True, slots=True)
class Clone:
    """A registry's clone, whose user has told Git how to reach the place."""

    root: Path
    place: Place

    def git(self, *args: str) -> str:
        return run_command(self.root, "git", *args)

    def gitreg(self, *args: str, code: int = 0) -> str:
        """What the program printed; neither that nor what it said may hold a secret."""
        command = [sys.executable, "-m", "gitreg", *args]
        done = subprocess.run(command, cwd=self.root, text=True, capture_output=True, timeout=100, check=False)
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        assert "Traceback" not in said
        assert not [name for name in SECRETS if name in self.place.options and self.place.options[name] in said]
        return done.stdout if code == 0 else said

    def configured(self) -> Clone:
        for name, value in self.place.options.items():
            self.git("config", f"gitreg.remote.shared.{name}", value)
        return self

    def clone(self, place: Place) -> Clone:
        """Somebody else's, who reaches the place in their own way."""
        run_command(self.root.parent, "git", "clone", "-q", "hub.git", "yours")
        return Clone(self.root.parent / "yours", place).configured()


def registry(directory: Path, place: Place) -> Clone:
    """A registry of one version, not pushed yet."""
    new_repo(directory / "hub.git", "--bare")
    mine = Clone(new_repo(directory / "mine"), place).configured()
    mine.git("remote", "add", "origin", "../hub.git")
    mine.gitreg("init", "--new-key")
    mine.gitreg("remote", "add", "shared", place.url, "--default")
    mine.git("commit", "-q", "-m", "Share through a server")
    folder = mine.root / "models" / "m"
    folder.mkdir(parents=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    mine.gitreg("add", "models/m", "--commit", "Train m")
    mine.gitreg("register", "m")
    return mine


def pulled(clone: Clone) -> dict[str, bytes]:
    clone.gitreg("pull", "m@v1.0.0", "-o", "out")
    return {file.name: file.read_bytes() for file in (clone.root / "out").iterdir()}


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("radosgw", "fake_gcs", "azurite")]


@pytest.mark.parametrize("server", ["moto", "sshd", *SLOW])
def test_a_model_travels_from_clone_to_clone(server: str, request, tmp_path: Path):
    """The remote would be of no use: everything else about it is detail."""
    place = request.getfixturevalue(server).place()
    mine = registry(tmp_path, place)
    checked = json.loads(mine.gitreg("remote", "check", "--json"))
    assert (checked["pull"], checked["push"], checked["collect"]) == (True, True, True)
    mine.gitreg("push")
    assert json.loads(mine.gitreg("push", "--json"))["transferred"] == 0
    assert pulled(mine.clone(place)) == FILES
    history = mine.git("log", "-p")
    assert not [name for name in SECRETS if name in place.options and place.options[name] in history]


@pytest.mark.slow
@pytest.mark.parametrize("server", ["radosgw", "azurite"])
def test_who_may_only_read_pulls_and_is_told_why_a_push_fails(server: str, request, tmp_path: Path):
    """Read-only credentials, which most people should have, would look like a broken remote."""
    running = request.getfixturevalue(server)
    place = running.place()
    mine = registry(tmp_path, place)
    mine.gitreg("push")
    yours = mine.clone(running.read_only(place))
    assert pulled(yours) == FILES
    checked = json.loads(yours.gitreg("remote", "check", "--json"))
    assert (checked["pull"], checked["push"]) == (True, False)
    (yours.root / "models" / "n").write_bytes(b"another one")
    yours.gitreg("add", "models/n", "--commit", "Train n")
    assert "do not allow" in yours.gitreg("push", code=1)


@pytest.mark.slow
def test_a_server_that_crashes_keeps_what_was_pushed(radosgw, tmp_path: Path):
    """Acknowledged objects would be gone, or a server that is away would be taken for an empty one."""
    place = radosgw.place()
    mine = registry(tmp_path, place)
    mine.gitreg("push")
    radosgw.stop()
    yours = mine.clone(place)
    try:
        assert "nothing answers" in yours.gitreg("pull", "m@v1.0.0", "-o", "out", code=1)
    finally:
        radosgw.restart()
    assert pulled(yours) == FILES
