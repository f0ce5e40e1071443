"""A server that enforces: the world's hub.git with the hooks installed, reached by file:// or by git daemon."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gitreg.api import Registry
from gitreg.git.repository import Repository
from gitreg.operations.hooks import SERVER_HOOKS, install_hooks
from gitreg.operations.policy.sign import sign_policy


@dataclass
class Server:
    """`world` as its fixture makes it, and what its hub.git says to a push."""

    world: object
    root: Path

    @property
    def hub(self) -> Path:
        return self.root / "hub.git"

    def sh(self, *command: str, cwd: str = "work", code: int = 0, stdin: bytes = b"") -> str:
        return self.world.sh(*command, cwd=cwd, code=code, stdin=stdin)  # type: ignore[attr-defined]

    def refs(self) -> str:
        return self.world.refs("hub.git")  # type: ignore[attr-defined]

    def refused(self, *refs: str, check: str, reason: str = "", cwd: str = "work", force: bool = True) -> str:
        """A push that must not go through: for which step, and with nothing changed or left behind over there."""
        before, objects = self.refs(), self.objects()
        said = self.sh("git", "push", *(["--force"] if force else []), "origin", *refs, cwd=cwd, code=1)
        assert self.refs() == before
        assert self.objects() == objects
        lines = [line.removeprefix("remote: ").strip() for line in said.split("\n") if "gitreg: refused: " in line]
        assert lines, said
        assert any(f": {check}: " in line and reason in line for line in lines), said
        assert "Traceback" not in said
        assert "nothing of this push was accepted" in said
        return said

    def accepted(self, *refs: str, cwd: str = "work") -> str:
        return self.sh("git", "push", "origin", *refs, cwd=cwd)

    def objects(self) -> list[Path]:
        """Git's own, quarantine included; not the bytes that gitreg shares beside them."""
        # git empties its quarantine after it has answered, so that folders may vanish under us
        found = [Path(folder, name) for folder, _, names in os.walk(self.hub / "objects") for name in names]
        return sorted(path for path in found if "tmp_objdir" not in str(path))

    def tag(self, name: str, text: str, *, kind: str = "tag", where: str = "work") -> str:
        """Point a tag at an object of our own making."""
        options = ("-t", kind, "-w", "--stdin", "--literally")
        oid = self.sh("git", "hash-object", *options, cwd=where, stdin=text.encode()).strip()
        self.sh("git", "update-ref", f"refs/tags/{name}", oid, cwd=where)
        return oid

    def sign_policy(self, change: Callable[[str], str], who: str = "ada", where: str = "work") -> None:
        """A policy change as an admin makes it: edited, signed, committed."""
        policy = self.root / where / ".gitreg" / "policy.toml"
        policy.write_text(change(policy.read_text()))
        sign_policy(self.world.open(where, who).context)  # type: ignore[attr-defined]
        self.sh("git", "commit", "-q", "-m", "Change the policy", cwd=where)


@pytest.fixture
def server(world, monkeypatch: pytest.MonkeyPatch) -> Server:
    """hub.git with the hooks; ada's clone reaches it by file://, as git does for any other host."""
    world.sh("git", "remote", "set-url", "origin", f"file://{world.root}/hub.git")
    install_hooks(Repository.discover(world.root / "hub.git"), SERVER_HOOKS)
    return Server(world, world.root)


@pytest.fixture
def daemon(server: Server) -> Iterator[str]:
    """The URL of the same server behind `git daemon`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["git", "daemon", "--reuseaddr", "--listen=127.0.0.1", f"--port={port}", "--export-all"]
    command += ["--enable=receive-pack", f"--base-path={server.root}", str(server.root)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield f"git://127.0.0.1:{port}/hub.git"
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("git daemon does not answer")


@pytest.fixture
def open_as(server: Server) -> Callable[[str, str], Registry]:
    """`open_as("work", "bob")`: the registry in a clone, with a person's key."""
    return server.world.open  # type: ignore[attr-defined]
