"""A server's process: started on a port of its own, ended by its id, and never outliving the tests.

Knows nothing of what it serves.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

_SECONDS_TO_START = 60
# The kernel takes no port below 32768 for somebody's outgoing connection, so a killed server finds its own again.
_PORTS = range(20_000, 32_768)


class Daemon:
    """One process in the foreground, in a session of its own: Ctrl-C reaches the tests first, which then end it."""

    def __init__(self, command: Sequence[str | Path], directory: Path, port: int = 0) -> None:
        """`port`: where it will listen; 0 if nobody need wait for that."""
        self.port = port
        self._command = [*_dies_with_its_parent(), *map(str, command)]
        self._log = directory / f"{Path(command[0]).name}.out"
        self._directory = directory
        self._env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(directory)}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return once it listens."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._directory,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + _SECONDS_TO_START
        while self.port and not _listening(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                said = self._log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{self._command} does not listen on port {self.port}:\n{said}")
            time.sleep(0.02)

    def end(self) -> None:
        """Ask it to stop, and kill it if it does not."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """As a crash of the machine would: with the processes that it has started for its clients."""
        if self._process is not None:
            subprocess.run(["pkill", "-KILL", "-P", str(self._process.pid)], check=False)
            self._process.kill()
            self._process.wait()


def free_port() -> int:
    while True:
        port = random.choice(_PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def _dies_with_its_parent() -> list[str]:
    """Tests that are killed end nothing themselves; Linux does it for them."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL"] if setpriv else []


def _listening(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
