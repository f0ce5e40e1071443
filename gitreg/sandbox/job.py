"""What to run and within which bounds, and how it ended: the values on both sides of the process that watches."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """`memory` and `file_size` are bytes, for each process; `output` is bytes of stdout and of stderr."""

    seconds: float = 300.0
    memory: int = 4096 * MIB
    file_size: int = 1024 * MIB
    open_files: int = 1024
    processes: int = 64
    output: int = 2 * MIB


class Outcome(Enum):
    """How a program ended.  Only of one that exited by itself, alone, does the exit code mean anything."""

    EXITED = "exited"
    SIGNALLED = "was ended by a signal"
    TIMED_OUT = "took longer than it may"
    FLOODED = "wrote more output than it may"
    TOO_MANY = "started more processes than it may"
    LEFT_CHILDREN = "left processes behind"
    NOT_STARTED = "could not be started"


@dataclass(frozen=True, slots=True)
class Job:
    """A program for the watcher: `stdin` is an open file, `work` the only directory it may write to, `hidden` what it
    must not read unless it lies in `readable`."""

    argv: tuple[str, ...]
    stdin: int
    work: str
    environment: Mapping[str, str]
    readable: tuple[str, ...]
    hidden: tuple[str, ...]
    limits: Limits = field(default_factory=Limits)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Job:
        read = json.loads(text)
        return cls(
            argv=tuple(read["argv"]),
            stdin=read["stdin"],
            work=read["work"],
            environment=read["environment"],
            readable=tuple(read["readable"]),
            hidden=tuple(read["hidden"]),
            limits=Limits(**read["limits"]),
        )


@dataclass(frozen=True, slots=True)
class Ended:
    """`code` is the exit code, or the signal's number; `open_doors` says what this system could not shut."""

    outcome: Outcome
    code: int = 0
    stdout: bytes = b""
    stderr: bytes = b""
    open_doors: tuple[str, ...] = ()
    detail: str = ""

    def to_json(self) -> str:
        streams = [base64.b64encode(stream).decode() for stream in (self.stdout, self.stderr)]
        return json.dumps([self.outcome.value, self.code, *streams, list(self.open_doors), self.detail])

    @classmethod
    def from_json(cls, text: str) -> Ended:
        outcome, code, stdout, stderr, doors, detail = json.loads(text)
        return cls(Outcome(outcome), code, base64.b64decode(stdout), base64.b64decode(stderr), tuple(doors), detail)
