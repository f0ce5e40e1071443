"""Real keys and the real ssh-keygen, which is the oracle: what it refuses, gitreg must refuse."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitreg.trust.file_signer import FileSigner
from gitreg.trust.private_key import KeyFile
from gitreg.trust.public_key import PublicKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KINDS = {
    "ed25519": ("ed25519",),
    "p256": ("ecdsa", "-b", "256"),
    "p384": ("ecdsa", "-b", "384"),
    "p521": ("ecdsa", "-b", "521"),
    "rsa": ("rsa", "-b", "2048"),
}


def nobody(prompt: str) -> str | None:
    """Answers no prompt: most tests must get by without one."""
    return None


@dataclass(frozen=True)
class Keygen:
    """ssh-keygen in a directory of its own."""

    directory: Path

    def make(self, name: str, *kind: str, passphrase: str = "") -> Path:
        path = self.directory / name
        command = ["ssh-keygen", "-q", "-t", *kind, "-a", "1", "-N", passphrase, "-C", "", "-f", str(path)]
        subprocess.run(command, check=True)
        return path

    def certify(self, authority: Path, key: Path, names: str, *options: str) -> Path:
        """The path of a certificate for `key`, which ends up beside a copy of its .pub file."""
        public = self.directory / f"{key.name}-{len(list(self.directory.iterdir()))}.pub"
        public.write_bytes(key.with_suffix(".pub").read_bytes())
        who = ["-n", names] if names else []
        command = ["ssh-keygen", "-q", "-s", str(authority), "-I", "id", *who, *options, str(public)]
        subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
        return public.with_name(f"{public.stem}-cert.pub")

    def run(self, *command: str, environ: dict[str, str] | None = None) -> None:
        subprocess.run(command, env=environ, check=True, stdin=subprocess.DEVNULL)

    def sign(self, key: Path, message: bytes, namespace: str, *options: str) -> str:
        command = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, *options, "-f", str(key)]
        return subprocess.run(command, input=message, capture_output=True, check=True).stdout.decode()

    def accepts(
        self, signers: str, principal: str, namespace: str, armored: str, message: bytes, *options: str
    ) -> bool:
        (self.directory / "signers").write_bytes(signers.encode("latin-1"))
        (self.directory / "sig").write_bytes(armored.encode("latin-1"))
        command = ["ssh-keygen", "-Y", "verify", *options, "-n", namespace, "-I", principal]
        command += ["-f", str(self.directory / "signers"), "-s", str(self.directory / "sig")]
        return subprocess.run(command, input=message, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="session")
def session_keygen(tmp_path_factory: pytest.TempPathFactory) -> Keygen:
    return Keygen(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def keys(session_keygen: Keygen) -> dict[str, Path]:
    """One key file of each kind, made once."""
    return {name: session_keygen.make(name, *kind) for name, kind in KINDS.items()}


@pytest.fixture
def keygen(tmp_path: Path) -> Keygen:
    return Keygen(tmp_path)


@pytest.fixture
def signers(keys: dict[str, Path]) -> dict[str, FileSigner]:
    return {name: FileSigner(KeyFile.read(path), nobody) for name, path in keys.items()}


@pytest.fixture
def public(keys: dict[str, Path]) -> dict[str, PublicKey]:
    return {name: PublicKey.parse(path.with_suffix(".pub").read_text()) for name, path in keys.items()}


@pytest.fixture
def agent_environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a fresh ssh-agent, ended by its own process id."""
    socket = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    try:
        while not socket.exists():
            assert agent.poll() is None, "ssh-agent did not start"
        yield {**os.environ, "SSH_AUTH_SOCK": str(socket)}
    finally:
        agent.send_signal(signal.SIGTERM)
        agent.wait(timeout=10)


@pytest.fixture
def ssh_add(agent_environ: dict[str, str]) -> Callable[[Path], None]:
    def add(key: Path) -> None:
        subprocess.run(["ssh-add", "-q", str(key)], env=agent_environ, check=True, stdin=subprocess.DEVNULL)

    return add
