"""A directory on an SSH server as a driver, by paramiko.

fsspec's own driver for it accepts any server as the right one, and breaks when several threads use it.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from paramiko.sftp import CMD_EXTENDED, CMD_WRITE, int64

from gitreg.core.text import escape
from gitreg.errors import GitregError
from gitreg.storage.crew import for_each
from gitreg.storage.layout import INCOMING
from gitreg.storage.remote.driver import LARGEST, AbsentError, DeniedError, Entry, Listing, OversizeError
from gitreg.storage.remote.failures import Cause, failure
from gitreg.storage.remote.fsspec_failures import cause_of
from gitreg.storage.remote.options import fsspec_options
from gitreg.storage.remote.sftp_sessions import MOST_SESSIONS, Address, Sessions, UnknownHostError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from paramiko import SFTPClient, SFTPFile

_OPTIONS: Final = frozenset({"username", "password", "key_filename", "passphrase", "known_hosts"})
_PER_REQUEST: Final = 32768  # the most that every server takes at once
_READS_AHEAD: Final = 64


class SftpDriver:
    """The Driver for an `sftp://[USER@]HOST[:PORT]/DIRECTORY` URL."""

    listing = Listing.WALKED

    def __init__(self, url: str, options: Mapping[str, str], *, timeout: float) -> None:
        parts = urlsplit(url)
        self._where = escape(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")
        named = {name: str(value) for name, value in fsspec_options(parts.scheme, options).items()}
        if not named.keys() <= _OPTIONS:
            raise failure(Cause.BAD_OPTION, "reach", self._where)
        whom = {"username": parts.username, **named}
        self._root = unquote(parts.path).rstrip("/")
        self._sessions = Sessions(Address(parts.hostname or "", parts.port or 22, timeout, **whom))

    def describe(self) -> str:
        return self._where

    def get(self, key: str, most: int = LARGEST) -> bytes:
        with self._session("read from") as session, session.open(self._path(key), "rb") as file:
            size = file.stat().st_size or 0
            if size > most:
                raise OversizeError(self._where)
            file.prefetch(size, _READS_AHEAD)
            return bytes(file.read(size))

    def put(self, key: str, data: bytes | memoryview) -> None:
        with self._session("write to") as session:
            temporary = self._path(f"{INCOMING}/{os.urandom(8).hex()}")
            try:
                with _created(session, temporary) as file:
                    _write(session, file, memoryview(data))
                _rename(session, temporary, self._path(key))
            except OSError:
                with suppress(OSError):
                    session.remove(temporary)
                raise

    def head(self, key: str) -> Entry | None:
        with suppress(AbsentError), self._session("look into") as session:
            found = session.stat(self._path(key))
            return Entry(key, found.st_size or 0, (found.st_mtime or 0) * 10**9)
        return None

    def list(self, prefix: str, after: str = "") -> Iterator[Entry]:
        """A directory at a time; what is removed meanwhile is not listed."""
        folders = [prefix]
        while folders:
            folder = folders.pop()
            found = []
            with suppress(AbsentError), self._session("list") as session:
                found = session.listdir_attr(self._path(folder))
            for each in found:
                key = f"{folder}/{each.filename}"
                if stat.S_ISDIR(each.st_mode or 0):
                    folders.append(key)
                elif key > after:
                    yield Entry(key, each.st_size or 0, (each.st_mtime or 0) * 10**9)

    def delete(self, keys: Iterable[str]) -> None:
        for_each(keys, self._delete_one, MOST_SESSIONS)

    def copy(self, source: str, target: str) -> None:
        self.put(target, self.get(source))

    def _delete_one(self, key: str) -> None:
        with suppress(AbsentError), self._session("remove objects from") as session:
            session.remove(self._path(key))

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}"

    @contextmanager
    def _session(self, doing: str) -> Iterator[SFTPClient]:
        try:
            with self._sessions.session() as session:
                yield session
        except GitregError:
            raise
        except UnknownHostError:
            message = f"cannot {doing} {self._where}: the server's key is not in known_hosts"
            raise DeniedError(
                message, hint="connect with ssh once, and compare the fingerprint that it shows"
            ) from None
        except Exception as error:  # noqa: BLE001 - paramiko raises its own kinds, socket's and OSError
            cause, told = cause_of(error)
            raise failure(cause, doing, self._where, told) from None


def _created(session: SFTPClient, path: str) -> SFTPFile:
    try:
        return session.open(path, "wbx")
    except FileNotFoundError:
        _make_directory(session, path.rpartition("/")[0])
        return session.open(path, "wbx")


def _write(session: SFTPClient, file: SFTPFile, data: memoryview) -> None:
    """All of it, durably, without a round trip per piece.

    paramiko's own way of not waiting for answers forgets those that say no, such as that the disk is full.
    """
    for start in range(0, len(data), _PER_REQUEST):
        piece = bytes(data[start : start + _PER_REQUEST])
        session._async_request(file, CMD_WRITE, file.handle, int64(start), piece)  # noqa: SLF001
    session._finish_responses(file)  # noqa: SLF001
    with suppress(OSError):  # an extension of OpenSSH's, which others may not have
        session._request(CMD_EXTENDED, "fsync@openssh.com", file.handle)  # noqa: SLF001


def _rename(session: SFTPClient, temporary: str, target: str) -> None:
    """Also onto a file that is there, which SFTP's own rename refuses."""
    try:
        session.posix_rename(temporary, target)
    except FileNotFoundError:
        _make_directory(session, target.rpartition("/")[0])
        session.posix_rename(temporary, target)


def _make_directory(session: SFTPClient, path: str) -> None:
    """With those above it; others may make the same at this moment."""
    try:
        session.mkdir(path)
    except FileNotFoundError:
        _make_directory(session, path.rpartition("/")[0])
        session.mkdir(path)
    except PermissionError:
        raise
    except OSError:  # SFTP has no word for what is there already
        if not stat.S_ISDIR(session.stat(path).st_mode or 0):
            raise
