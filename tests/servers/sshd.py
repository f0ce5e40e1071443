"""OpenSSH's server, for SFTP only: a host key, a user's key and a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.daemon import Daemon, free_port
from tests.servers.server import Place, Server, driver_option, fresh_name, not_tested

_CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {directory}/host_key
AuthorizedKeysFile {directory}/user_key.pub
AuthenticationMethods publickey
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
PidFile none
Subsystem sftp internal-sftp
ForceCommand internal-sftp
"""


@dataclass(frozen=True, slots=True)
class SshServer(Server):
    directory: Path

    def place(self, driver: str = "", endpoint: str = "") -> Place:
        """`endpoint`, such as that of a proxy for bytes, counts by its host and port."""
        address = (endpoint or self.endpoint).rpartition("/")[2]
        folder = self.directory / "files" / fresh_name()
        folder.mkdir(parents=True)
        hosts = self.directory / f"{fresh_name()}-hosts"
        name, _, port = address.partition(":")
        hosts.write_text(f"[{name}]:{port} {(self.directory / 'host_key.pub').read_text()}")
        options = {"key-filename": str(self.directory / "user_key"), "known-hosts": str(hosts)}
        return Place(f"sftp://{pwd.getpwuid(os.getuid()).pw_name}@{address}{folder}", options | driver_option(driver))


@contextmanager
def running(directory: Path, *limits: str) -> Iterator[SshServer]:
    """`limits`: what stands before the command to keep its processes from something, such as large files."""
    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        not_tested("SFTP", "apt-get install --no-install-recommends openssh-server")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # compiled in, and made by the service's unit elsewhere
    for name in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory / name], check=True)
    port = free_port()
    config = directory / "sshd_config"
    config.write_text(_CONFIG.format(port=port, directory=directory))
    daemon = Daemon([*limits, program, "-D", "-e", "-f", config], directory, port)
    daemon.start()
    try:
        yield SshServer(daemon, directory)
    finally:
        daemon.end()
