"""Reads the files of one span back to back, each byte once, and notices files that change meanwhile."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from gitreg.core.text import escape
from gitreg.errors import SourceError
from gitreg.storage.source import SourceFile

if TYPE_CHECKING:
    from collections.abc import Sequence

# O_NONBLOCK: a pipe put in the file's place since the listing must not hang us.
_OPEN: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class Piece(NamedTuple):
    """Bytes of one file within a window; `last` if the file ends with them."""

    view: memoryview
    last: bool


class SpanReader:
    """Fills windows with a span's bytes.  `fill` and `hash_pieces` may run in two threads, each in its own order."""

    def __init__(self, files: Sequence[SourceFile]) -> None:
        self._waiting = deque(files)
        self._descriptor = -1
        self._done = 0
        self._hash = hashlib.sha256()
        self.sha256s: list[str] = []

    @property
    def finished(self) -> bool:
        """Whether every byte has been read."""
        return not self._waiting

    def fill(self, window: memoryview) -> list[Piece]:
        """Read into the window until it is full or the span ends.  Raises SourceError."""
        pieces = []
        while self._waiting:
            file = self._waiting[0]
            try:
                count = self._read(file, window)
            except OSError as error:
                raise unreadable(file, error) from error
            pieces.append(Piece(window[:count], last=self._descriptor < 0))
            window = window[count:]
            if self._descriptor >= 0:
                break
            self._waiting.popleft()
        return pieces

    def hash_pieces(self, pieces: Sequence[Piece]) -> None:
        """Carry the files' SHA-256 on over these pieces; the lock is released for all but small ones."""
        for piece in pieces:
            self._hash.update(piece.view)
            if piece.last:
                self.sha256s.append(self._hash.hexdigest())
                self._hash = hashlib.sha256()

    def close(self) -> None:
        """Give up the file that is open, if reading stopped early."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _read(self, file: SourceFile, window: memoryview) -> int:
        """Read on in one file until it ends, which closes it, or the window is full."""
        if self._descriptor < 0:
            self._descriptor = open_unchanged(file)
            self._done = 0
        wanted = min(file.size - self._done, len(window))
        count = 0
        while count < wanted:
            got = os.readv(self._descriptor, [window[count:wanted]])
            if got == 0:
                raise changed(file)
            count += got
        self._done += count
        if self._done == file.size:
            check_unchanged(file, self._descriptor)
            self.close()
        return count


def open_unchanged(file: SourceFile) -> int:
    """A descriptor of the very file that was listed.  Raises OSError, SourceError."""
    descriptor = os.open(file.place, _OPEN)
    try:
        check_unchanged(file, descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def check_unchanged(file: SourceFile, descriptor: int) -> None:
    """Raise SourceError unless the open file is still as it was listed."""
    if not file.fingerprint.fits(os.fstat(descriptor)):
        raise changed(file)


def unreadable(file: SourceFile, error: OSError) -> SourceError:
    """Not permitted, or a disk that fails."""
    reason = error.strerror or "unreadable"
    return SourceError(f"cannot read {escape(file.place)}: {reason}", hint="check its permissions, and the disk")


def changed(file: SourceFile) -> SourceError:
    """The file is being written while it is read."""
    return SourceError(
        f"{escape(file.place)} changed while it was read; nothing was recorded",
        hint="wait until whatever writes it is done, then run the same command again",
    )
