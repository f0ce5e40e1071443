"""Mark: from the manifests that something names to every object that must be kept, in whichever store holds them.

An artifact whose manifest is not in the store needs nothing of that store: chunks come before their manifest (W1), so
whoever has the manifest has its chunks too.  See docs/adr/0010.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import partial

from gitreg.core.chunk_lines import chunk_lines, chunk_of
from gitreg.core.digest import Digest
from gitreg.core.manifest import ChunkEntry
from gitreg.errors import GitregError
from gitreg.storage.crew import in_order
from gitreg.storage.store import MissingObjectError, ObjectStore
from gitreg.storage.verified import CorruptObjectError, manifest_text


@dataclass(slots=True)
class Marked:
    """What must be kept: `manifests`, their `chunks` by the line that names them, `bare` objects that something names
    though they are no manifests, and what is named and `absent`.  Grows while manifests are read."""

    manifests: set[Digest] = field(default_factory=set)
    chunks: dict[bytes, ChunkEntry] = field(default_factory=dict)
    bare: set[Digest] = field(default_factory=set)
    absent: set[Digest] = field(default_factory=set)

    @property
    def digests(self) -> set[Digest]:
        return self.manifests | self.bare | self.absent | {chunk.digest for chunk in self.chunks.values()}


class _No(Enum):
    """Why there are no lines."""

    MANIFEST = "another object"
    OBJECT = "nothing of that name"


class UnknownNeedError(GitregError):
    """What a manifest needs cannot be told, so nothing may go."""

    kind = "unknown-need"


def mark(store: ObjectStore, named: Iterable[Digest]) -> Marked:
    """Follow what is named through the store.  Raises UnknownNeedError if a manifest that is there can't be read."""
    marked = Marked()
    wanted = list(named)
    # a few at a time: the lines of all manifests may be far more than those that differ
    for digest, lines in zip(wanted, in_order(wanted, partial(_lines, store), store.at_once), strict=True):
        if isinstance(lines, _No):
            (marked.bare if lines is _No.MANIFEST else marked.absent).add(digest)
            continue
        marked.manifests.add(digest)
        for line in lines:
            if line not in marked.chunks:
                marked.chunks[line] = _chunk(digest, line)
    return marked


def needs(store: ObjectStore, manifests: Collection[Digest]) -> Iterator[tuple[Digest, list[bytes]]]:
    """Each of these manifests with its chunks' lines; one at a time, for together they may be far more than marked."""
    for digest in sorted(manifests):
        lines = _lines(store, digest)
        yield digest, [] if isinstance(lines, _No) else lines


def _lines(store: ObjectStore, digest: Digest) -> list[bytes] | _No:
    """The lines of a manifest's chunks, if it is one and is there."""
    try:
        data = store.read(digest)
        text = manifest_text(digest, data)
        if text is not None:
            return chunk_lines(text)
    except MissingObjectError:
        return _No.OBJECT
    except GitregError as error:
        raise _unknown(digest, error) from error
    if Digest.of(data) != digest:
        raise _unknown(digest, CorruptObjectError(digest, store.describe()))
    return _No.MANIFEST


def _chunk(manifest: Digest, line: bytes) -> ChunkEntry:
    try:
        return chunk_of(line)
    except GitregError as error:
        raise _unknown(manifest, error) from error


def _unknown(digest: Digest, error: GitregError) -> UnknownNeedError:
    return UnknownNeedError(f"what {digest} needs cannot be told: {error.message}", hint=error.hint or "gitreg fsck")
