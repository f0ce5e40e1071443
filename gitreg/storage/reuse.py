"""Chunks out of files that lie on this machine already, instead of out of a store.

What the files are said to hold may be out of date, so every chunk is hashed, and one that is not what was hoped for is
read from the store.  Files are only ever read, never linked: a file that its user may write must share nothing with
one that others rely on.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from gitreg.core.digest import Digest
from gitreg.storage.destination import Destination
from gitreg.storage.stream_map import Piece, placed_chunks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from gitreg.core.manifest import Manifest
    from gitreg.storage.store import ObjectStore

_OPEN_FILES: Final = 64


class Holder(NamedTuple):
    """A directory that holds, or once held, an artifact's files."""

    manifest: Manifest
    root: Path


class Located(NamedTuple):
    """Where the bytes of one chunk may be."""

    root: Path
    pieces: tuple[Piece, ...]


def locate(needed: Collection[Digest], holders: Iterable[Holder]) -> dict[Digest, list[Located]]:
    """Every place where a needed chunk may lie."""
    found: dict[Digest, list[Located]] = {}
    for holder in holders:
        for chunk, pieces in placed_chunks(holder.manifest):
            if chunk.digest in needed:
                place = Located(holder.root, pieces)
                places = found.setdefault(chunk.digest, [])
                if place not in places:
                    places.append(place)
    return found


class ReusingStore:
    """An ObjectStore that reads located chunks from their files and everything else from the store behind it."""

    def __init__(self, store: ObjectStore, located: dict[Digest, list[Located]]) -> None:
        self._store = store
        self.at_once = store.at_once
        self._located = located
        self._files = _OpenFiles()
        self._lock = threading.Lock()
        self.reused_objects = 0
        self.reused_bytes = 0

    def close(self) -> None:
        """Let go of the files."""
        self._files.close()

    def describe(self) -> str:
        return self._store.describe()

    def present(self, digests: Collection[Digest]) -> set[Digest]:
        return self._store.present(digests)

    def read(self, digest: Digest) -> bytes:
        for place in self._located.get(digest, ()):
            data = self._files.read(place)
            if data is not None and Digest.of(data) == digest:
                with self._lock:
                    self.reused_objects += 1
                    self.reused_bytes += len(data)
                return data
        return self._store.read(digest)

    def write(self, digest: Digest, data: bytes | memoryview) -> None:
        self._store.write(digest, data)

    def flush(self) -> None:
        self._store.flush()

    def names(self, part: str = "") -> Iterator[Digest]:
        return self._store.names(part)

    def remove(self, digests: Iterable[Digest]) -> None:
        self._store.remove(digests)


class _OpenFiles:
    """Files kept open, so that one replaced meanwhile can still be read; for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._roots: dict[Path, Destination] = {}
        self._open: OrderedDict[tuple[Path, str], int] = OrderedDict()

    def read(self, place: Located) -> bytes | None:
        """The bytes that lie there now, or None if they cannot be read."""
        with suppress(OSError):
            return b"".join([self._read(place.root, piece) for piece in place.pieces])
        return None

    def close(self) -> None:
        with self._lock:
            for descriptor in self._open.values():
                os.close(descriptor)
            for root in self._roots.values():
                root.close()
            self._open.clear()
            self._roots.clear()

    def _read(self, root: Path, piece: Piece) -> bytes:
        descriptor = self._descriptor(root, piece.path)
        try:
            return os.pread(descriptor, piece.length, piece.offset)
        finally:
            os.close(descriptor)

    def _descriptor(self, root: Path, path: str) -> int:
        """One of the caller's own, which nobody closes under its hands."""
        with self._lock:
            if root not in self._roots:
                self._roots[root] = Destination(root)
            if (root, path) not in self._open:
                self._open[root, path] = self._roots[root].open_file(path)
                if len(self._open) > _OPEN_FILES:
                    os.close(self._open.popitem(last=False)[1])
            self._open.move_to_end((root, path))
            return os.dup(self._open[root, path])
