"""SFTP sessions over one SSH connection, one thread in each; and whom to connect to.  Knows nothing of keys and values.

paramiko mixes up the answers of a session that several threads use, and servers bear few connections at once.
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import paramiko

if TYPE_CHECKING:
    from collections.abc import Iterator

# OpenSSH's MaxSessions is 10 unless somebody changed it.
MOST_SESSIONS: Final = 8
_KNOWN_HOSTS: Final = ("/etc/ssh/ssh_known_hosts", "~/.ssh/known_hosts")
# Answers that leave a session as usable as before.
_ORDINARY: Final = (FileNotFoundError, PermissionError)

# paramiko tells of each failure twice, the second time on the terminal with a traceback.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class Address(NamedTuple):
    """Where, and as whom; None is paramiko's own choice: ssh-agent, then the usual key files."""

    host: str
    port: int
    timeout: float
    username: str | None = None
    password: str | None = None
    key_filename: str | None = None
    passphrase: str | None = None
    known_hosts: str | None = None


class UnknownHostError(Exception):
    """The server's key is not known, so it could be anybody's."""


class Sessions:
    """Opened as they are needed; after a broken connection, over a new one."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._client: paramiko.SSHClient | None = None
        self._idle: list[paramiko.SFTPClient] = []
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(MOST_SESSIONS)

    @contextmanager
    def session(self) -> Iterator[paramiko.SFTPClient]:
        """For the calling thread alone.  Raises what paramiko raises, and UnknownHostError."""
        with self._places:
            session = self._take()
            try:
                yield session
            except _ORDINARY:
                self._idle.append(session)
                raise
            except BaseException:
                session.close()  # an answer to the failed request may still be on its way
                raise
            self._idle.append(session)

    def _take(self) -> paramiko.SFTPClient:
        with self._lock:
            if self._client is None or not _alive(self._client):
                self._idle.clear()
                self._client = _connect(self._address)
            while self._idle:
                session = self._idle.pop()
                if session.sock.get_transport() is self._client.get_transport():
                    return session
            session = self._client.open_sftp()
            session.sock.settimeout(self._address.timeout)
            return session


def _alive(client: paramiko.SSHClient) -> bool:
    transport = client.get_transport()
    return transport is not None and transport.is_active()


def _connect(address: Address) -> paramiko.SSHClient:
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(_Refuse())
    for file in (address.known_hosts,) if address.known_hosts else _KNOWN_HOSTS:
        path = Path(file).expanduser()
        if path.is_file():
            client.load_system_host_keys(str(path))
    key = address.key_filename
    try:
        client.connect(
            address.host,
            port=address.port,
            username=address.username,
            password=address.password,
            key_filename=str(Path(key).expanduser()) if key else None,
            passphrase=address.passphrase,
            timeout=address.timeout,
            banner_timeout=address.timeout,
            auth_timeout=address.timeout,
        )
    except paramiko.BadHostKeyException as error:
        raise UnknownHostError(address.host) from error
    return client


class _Refuse(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
    """As ssh does where nobody can be asked; paramiko's own refusal can't be told from a broken connection."""

    def missing_host_key(self, client: object, hostname: str, key: object) -> None:  # noqa: ARG002 - paramiko's words
        raise UnknownHostError(hostname)
