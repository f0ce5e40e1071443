"""Keys held by ssh-agent (draft-miller-ssh-agent): listing them, and having one sign."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from gitreg.core.text import escape
from gitreg.errors import FormatError, SigningError
from gitreg.trust.public_key import PublicKey
from gitreg.trust.sshsig import build_signature
from gitreg.trust.wire import Reader, pack_string, pack_uint32

T = TypeVar("T")

_REQUEST_IDENTITIES: Final = 11
_IDENTITIES_ANSWER: Final = 12
_SIGN_REQUEST: Final = 13
_SIGN_RESPONSE: Final = 14
_RSA_SHA2_512: Final = 4

_MAX_ANSWER: Final = 256 * 1024
_LIST_SECONDS: Final = 5
# Some agents ask their user first, or wait for a token to be touched.
_SIGN_SECONDS: Final = 120


@dataclass(frozen=True, slots=True)
class Agent:
    """The agent behind a socket; a connection lives for one question."""

    socket: Path

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Agent | None:
        path = environ.get("SSH_AUTH_SOCK")
        return cls(Path(path)) if path else None

    def list_keys(self) -> tuple[PublicKey, ...]:
        """The keys that we could verify with, also in certificates; kinds unknown to us are passed over."""
        return self._ask(bytes([_REQUEST_IDENTITIES]), _LIST_SECONDS, _read_keys)

    def holds(self, key: PublicKey) -> bool:
        """Whether it has exactly this: a key and its certificate are two entries."""
        return any(each.wire == key.wire for each in self.list_keys())

    def sign(self, key: PublicKey, data: bytes) -> bytes:
        """The raw SSH signature over `data`; SigningError if the agent is gone or declines."""
        request = bytes([_SIGN_REQUEST]) + pack_string(key.wire) + pack_string(data) + pack_uint32(_RSA_SHA2_512)
        return self._ask(request, _SIGN_SECONDS, _read_signature)

    def _ask(self, request: bytes, seconds: int, read: Callable[[Reader], T]) -> T:
        try:
            return read(Reader(self._exchange(pack_string(request), seconds)))
        except (OSError, FormatError) as error:
            raise SigningError(f"ssh-agent does not answer: {escape(str(error))}") from error

    def _exchange(self, message: bytes, seconds: int) -> bytes:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(seconds)
            connection.connect(str(self.socket))
            connection.sendall(message)
            length = int.from_bytes(_receive(connection, 4), "big")
            if length > _MAX_ANSWER:
                raise FormatError(f"an answer of {length} bytes")
            return _receive(connection, length)


@dataclass(frozen=True, slots=True)
class AgentSigner:
    agent: Agent
    public_key: PublicKey

    def sign(self, message: bytes, namespace: str) -> str:
        return build_signature(self.public_key, lambda data: self.agent.sign(self.public_key, data), message, namespace)


def _read_keys(answer: Reader) -> tuple[PublicKey, ...]:
    _expect(answer, _IDENTITIES_ANSWER)
    keys = []
    for _ in range(answer.uint32()):
        blob, _comment = answer.string(), answer.string()
        with suppress(FormatError):
            keys.append(PublicKey.from_wire(blob))
    return tuple(keys)


def _read_signature(answer: Reader) -> bytes:
    _expect(answer, _SIGN_RESPONSE)
    return answer.string()


def _expect(answer: Reader, kind: int) -> None:
    if answer.byte() != kind:
        raise SigningError("ssh-agent declined", hint="is the key in `ssh-add -l`, and the agent unlocked?")


def _receive(connection: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        part = connection.recv(count - len(received))
        if not part:
            raise FormatError("it hung up")
        received += part
    return received
