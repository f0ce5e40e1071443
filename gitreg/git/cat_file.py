"""The protocol of `git cat-file --batch`: one long-lived process, requests as lines, answers as header and bytes.

Owns the process and its framing; what may be asked for is decided by its caller.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
from collections import deque
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast

from gitreg.core.oid import Oid
from gitreg.core.text import escape
from gitreg.errors import FormatError, GitregError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitreg.git.command import Git


class GitObject(NamedTuple):
    """An object whose bytes hash to `oid`; `type` is "blob", "tree", "commit" or "tag"."""

    oid: Oid
    type: str
    data: bytes


class Missing(NamedTuple):
    """There is no such object, or no such path in it."""

    spec: str


class Unreadable(NamedTuple):
    """There is one, but it is corrupt, too large, or not what its name says."""

    spec: str
    error: GitregError


Answer = GitObject | Missing | Unreadable


class CatFile:
    """Answers requests in order.  A git that dies over a corrupt object is replaced, and only that answer is lost."""

    def __init__(self, git: Git, limit: int) -> None:
        self._git = git
        self._limit = limit
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0  # the process that started it

    def ask(self, specs: Sequence[str]) -> list[Answer]:
        """One answer for each of `specs`, which together must fit into a pipe unread (see objects.py)."""
        waiting = deque(specs)
        answers: list[Answer] = []
        try:
            self._send(waiting)
            while waiting:
                answers.append(self._receive(waiting.popleft()))
                if self._process is None:
                    self._send(waiting)
        except BaseException:
            # Answers left in the pipe would be taken for those to the next requests.
            self.stop()
            raise
        return answers

    def stop(self) -> None:
        """End the process; the next request starts another."""
        process, self._process = self._process, None
        if process is not None and self._owner == os.getpid():
            process.kill()
            with contextlib.suppress(BrokenPipeError), process:
                pass

    def _send(self, specs: deque[str]) -> None:
        if self._owner != os.getpid():
            self._process = None  # that of a process that this one is a copy of, which goes on talking to it
        if self._process is None:
            self._owner = os.getpid()
            # Nobody would read stderr while answers flow, and a full pipe would block git.
            self._process = self._git.start("cat-file", "--batch", stderr=subprocess.DEVNULL)
        requests = cast("BinaryIO", self._process.stdin)
        with contextlib.suppress(BrokenPipeError):  # it died: _receive finds no answer and says so
            requests.write(b"".join(spec.encode("utf-8", "surrogateescape") + b"\n" for spec in specs))
            requests.flush()

    def _receive(self, spec: str) -> Answer:
        answers = cast("BinaryIO", cast("subprocess.Popen[bytes]", self._process).stdout)
        header = answers.readline()
        if header.endswith(b" missing\n"):
            return Missing(spec)
        fields = header.decode("ascii", "replace").split()
        if len(fields) != 3:
            return self._lost(spec, VerificationError(f"git cannot read {escape(spec)}", hint="git fsck tells more"))
        oid, kind, size = Oid(fields[0]), fields[1], int(fields[2])
        if size > self._limit:
            # Reading on would cost time and memory of the sender's choosing.
            return self._lost(spec, FormatError(f"{escape(spec)} is too large: {size} bytes, at most {self._limit}"))
        data = answers.read(size + 1)
        if len(data) != size + 1:
            return self._lost(spec, VerificationError(f"{escape(spec)} is corrupt", hint="git fsck tells more"))
        return _checked(spec, GitObject(oid, kind, data[:-1]))

    def _lost(self, spec: str, error: GitregError) -> Unreadable:
        self.stop()
        return Unreadable(spec, error)


def _checked(spec: str, found: GitObject) -> GitObject | Unreadable:
    """Git itself does not hash what it reads from its object files; an altered one must not pass."""
    content = b"%s %d\0" % (found.type.encode("ascii"), len(found.data)) + found.data
    hashed = hashlib.sha256(content) if len(found.oid) == 64 else hashlib.sha1(content, usedforsecurity=False)
    if hashed.hexdigest() == found.oid:
        return found
    return Unreadable(spec, VerificationError(f"{escape(spec)} does not hash to its name", hint="git fsck tells more"))
