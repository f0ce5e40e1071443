"""What can go wrong between a client and a store, as values; the proxy beside this file makes it happen."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """This instead of the server's answer; the server never sees the request."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/xml"),)


@dataclass(frozen=True)
class Cut:
    """The connection is reset after so many bytes of the answer's body."""

    after: int


@dataclass(frozen=True)
class CutUpload:
    """The connection is reset after so many bytes of the request's body have reached the server."""

    after: int


@dataclass(frozen=True)
class Lose:
    """The server does the work, and its answer is lost."""


@dataclass(frozen=True)
class Corrupt:
    """One bit of the answer's body is another one."""

    at: int = 0


@dataclass(frozen=True)
class Shorten:
    """A well-formed answer that lacks so many bytes at its end, as if the object itself had been cut."""

    by: int


@dataclass(frozen=True)
class Hang:
    """Nothing comes back, and the connection stays open: for so long, or until the proxy ends."""

    seconds: float = 600


Fault = Answer | Cut | CutUpload | Lose | Corrupt | Shorten | Hang


def answer(status: int, code: str) -> Answer:
    """What S3 says when it says no."""
    return Answer(status, f"<Error><Code>{code}</Code><Message>{code} by the proxy</Message></Error>".encode())


@dataclass
class Rule:
    """A fault for requests whose method and path fit: with a probability, a number of times, not for the first few."""

    fault: Fault
    method: str = ""
    path: str = ""
    probability: float = 1.0
    times: int | None = None
    skip: int = 0

    def hits(self, method: str, path: str) -> bool:
        if not method.startswith(self.method) or self.path not in path:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times == 0 or random.random() >= self.probability:
            return False
        if self.times is not None:
            self.times -= 1
        return True
