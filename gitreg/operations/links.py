"""Links to one file of a version: for whoever has neither gitreg nor credentials, for a while, by the service itself.

A file is one or a few objects, or a part of one that it shares with others: then the link is for the object, and the
range says which of its bytes to ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gitreg.core.digest import Digest
from gitreg.core.manifest import ChunkEntry
from gitreg.core.names import ModelName
from gitreg.core.reference import Reference
from gitreg.core.text import escape
from gitreg.core.version import Version
from gitreg.errors import RefusedError, UsageError
from gitreg.operations.context import Context, utc_now
from gitreg.operations.open_file import find_file
from gitreg.operations.resolve import FoundVersion
from gitreg.operations.stores import reading_store, remote_store
from gitreg.storage.artifact_file import overlapping
from gitreg.storage.lengths import misfits
from gitreg.storage.remote.codec import PlainCodec
from gitreg.storage.remote.driver import Signing
from gitreg.storage.remote.store import RemoteStore
from gitreg.storage.store import MissingObjectError, ObjectStore
from gitreg.storage.verified import CorruptObjectError

LONGEST = timedelta(days=7)  # what S3 allows
MOST_PARTS = 100
_SESSION = "x-amz-security-token="  # of credentials that a role or a login hands out for a while


@dataclass(frozen=True, slots=True)
class LinkPart:
    """`length` bytes of the file from `offset` on; `range` is the header to send, None for the whole object."""

    url: str
    offset: int
    length: int
    range: str | None


@dataclass(frozen=True, slots=True)
class LinkResult:
    """The parts one after the other are the file.  `verified` is False for a pointer that nobody has signed.

    `temporary` if what signed the links ends by itself, and they with it: perhaps before `expires`.
    """

    model: ModelName
    version: Version | None
    path: str
    size: int
    sha256: str
    verified: bool
    expires: datetime
    temporary: bool
    parts: tuple[LinkPart, ...]


def links(context: Context, reference: Reference, path: str, lifetime: timedelta) -> LinkResult:
    """Links to a file that is shared.  Raises NotFoundError, VerificationError, RefusedError if there can be none."""
    if not timedelta(seconds=1) <= lifetime <= LONGEST:
        raise UsageError("links live for a second at least and 7 days at most", hint="for example --expires 1h")
    file = find_file(context, reference, path, reading_store(context))
    chunks, starts = overlapping(file.placed, file.chunks)
    if len(chunks) > MOST_PARTS:
        raise RefusedError(
            f"'{escape(path)}' is {len(chunks):,} objects, which is too many links (at most {MOST_PARTS})",
            hint="whoever needs it can use: gitreg pull REF --files PATH",
        )
    store = remote_store(context)
    link = _linking(store, lifetime)
    _check_shared(store, chunks)
    expires = utc_now() + lifetime
    entry, found = file.placed.file, file.found
    parts = tuple(
        _part(link(chunk.digest), entry.size, chunk, start) for chunk, start in zip(chunks, starts, strict=True)
    )
    return LinkResult(
        model=found.pointer.name,
        version=found.version if isinstance(found, FoundVersion) else None,
        path=entry.path,
        size=entry.size,
        sha256=entry.sha256,
        verified=isinstance(found, FoundVersion),
        expires=expires,
        temporary=any(_SESSION in part.url.lower() for part in parts),
        parts=parts,
    )


def _linking(store: ObjectStore, lifetime: timedelta) -> Callable[[Digest], str]:
    """What makes a link to an object.  Raises RefusedError for a store that has none, or none of use."""
    where = store.describe()
    if not isinstance(store, RemoteStore) or not isinstance(store.driver, Signing):
        raise RefusedError(f"{where} has no links to hand out", hint="S3, GCS and Azure have")
    if not isinstance(store.codec, PlainCodec):
        hint = "whoever needs the file can be a recipient: gitreg remote recipients NAME --add"
        raise RefusedError(f"{where} is encrypted, so that a link would lead to what nobody can read", hint=hint)
    driver, codec = store.driver, store.codec
    return lambda digest: driver.sign(codec.key(digest), lifetime)


def _check_shared(store: ObjectStore, chunks: Sequence[ChunkEntry]) -> None:
    """Nobody who follows a link could say why it leads nowhere."""
    missing, wrong = misfits(store, chunks)
    for digest in missing:
        raise MissingObjectError(digest, store.describe())
    for digest in wrong:
        raise CorruptObjectError(digest, store.describe())


def _part(url: str, size: int, chunk: ChunkEntry, start: int) -> LinkPart:
    """`start`: where the chunk begins, counted from the file's first byte."""
    first, last = max(0, -start), min(chunk.length, size - start)
    whole = last - first == chunk.length
    return LinkPart(url, start + first, last - first, None if whole else f"bytes={first}-{last - 1}")
