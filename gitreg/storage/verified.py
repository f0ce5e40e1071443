"""Reading objects so that nothing unverified leaves a store, and keeping manifests in one.

A chunk is stored as it is; a manifest is stored as one zstd frame under the digest of its canonical text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import zstandard

from gitreg.core.digest import Digest
from gitreg.core.limits import MAX_MANIFEST_BYTES, MIB
from gitreg.core.manifest import Manifest, format_manifest, parse_chunk_list, parse_manifest
from gitreg.core.text import escape
from gitreg.errors import VerificationError
from gitreg.storage.store import purpose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitreg.core.manifest import ChunkEntry
    from gitreg.storage.store import ObjectStore

_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_LEVEL: Final = 3
_ATTEMPTS: Final = 2
# What a decoder has to remember; RFC 8878 has writers ask for no more.
_MAX_WINDOW: Final = 8 * MIB
# The shortest block, of 4 bytes, stands for 128 KiB: so much of a frame becomes 16 MiB at most, as large as a chunk.
_PIECE: Final = 512

_Read = TypeVar("_Read")


class CorruptObjectError(VerificationError):
    """An object's bytes do not hash to its name."""

    kind = "corrupt-object"

    def __init__(self, digest: Digest, where: str, needed_by: str | None = None) -> None:
        hint = "gitreg fsck repairs it, or names what it affects; a shared store: gitreg fsck --remote NAME --repair"
        super().__init__(f"object {digest} in {where} is corrupt{purpose(needed_by)}", hint=hint)
        self.digest = digest
        self.where = where


class WrongSha256Error(VerificationError):
    """A file's bytes are those that the manifest's chunks name, and not those that its SHA-256 does."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"'{escape(path)}' does not have the SHA-256 its manifest claims",
            hint="the manifest was made by a faulty or hostile program; do not use this artifact",
        )


def read_chunk(store: ObjectStore, digest: Digest) -> bytes:
    """A chunk's bytes, verified.  Raises MissingObjectError, CorruptObjectError, StorageError."""
    return _read_verified(store, digest, lambda data: data if Digest.of(data) == digest else None)


def read_object(store: ObjectStore, digest: Digest) -> bytes:
    """A chunk or a manifest as it is stored, verified.  Raises as `read_chunk` does."""
    return _read_verified(store, digest, lambda data: data if is_object(digest, data) else None)


def read_exact_chunk(store: ObjectStore, chunk: ChunkEntry) -> bytes:
    """A chunk's bytes as a manifest lists it, with its length.  Raises as `read_chunk` does."""
    data = read_chunk(store, chunk.digest)
    if len(data) != chunk.length:
        raise CorruptObjectError(chunk.digest, store.describe())
    return data


def read_manifest_text(store: ObjectStore, digest: Digest) -> bytes:
    """A manifest's canonical text, verified.  Raises as `read_chunk` does."""
    return read_packed_manifest(store, digest)[1]


def read_packed_manifest(store: ObjectStore, digest: Digest) -> tuple[bytes, bytes]:
    """A manifest as it is stored, and its canonical text, verified.  Raises as `read_chunk` does."""

    def opened(packed: bytes) -> tuple[bytes, bytes] | None:
        text = manifest_text(digest, packed)
        return None if text is None else (packed, text)

    return _read_verified(store, digest, opened)


def _read_verified(store: ObjectStore, digest: Digest, check: Callable[[bytes], _Read | None]) -> _Read:
    """What `check` makes of an object.  One that is not right is read once more: it may have been the network."""
    for _ in range(_ATTEMPTS):
        found = check(store.read(digest))
        if found is not None:
            return found
    raise CorruptObjectError(digest, store.describe())


def read_manifest(store: ObjectStore, digest: Digest) -> Manifest:
    """A manifest, verified and parsed.  Raises as `read_chunk` does, and FormatError."""
    return parse_manifest(read_manifest_text(store, digest))


def read_chunk_list(store: ObjectStore, digest: Digest) -> tuple[ChunkEntry, ...]:
    """A verified manifest's chunks, without the work that its files are.  Raises as `read_manifest` does."""
    return parse_chunk_list(read_manifest_text(store, digest))


def write_manifest(store: ObjectStore, manifest: Manifest) -> Digest:
    """Store a manifest and flush.  The caller has flushed its chunks before: leaves first (W1)."""
    return write_manifest_text(store, format_manifest(manifest))


def write_manifest_text(store: ObjectStore, text: bytes) -> Digest:
    """Store a manifest's canonical text and flush; one that is there damaged is replaced."""
    digest = Digest.of(text)
    if digest in store.present({digest}):
        if is_object(digest, store.read(digest)):
            return digest
        store.remove((digest,))  # not every service replaces what is there
    store.write(digest, zstandard.ZstdCompressor(level=_LEVEL).compress(text))
    store.flush()
    return digest


def is_object(digest: Digest, data: bytes) -> bool:
    """Whether these stored bytes are the object of that name, be it a chunk or a manifest."""
    return Digest.of(data) == digest or _text_digest(data) == digest


def manifest_text(digest: Digest, data: bytes) -> bytes | None:
    """The text of the manifest of that name, or None if these stored bytes are not it."""
    if _text_digest(data) != digest:  # first, for a few bytes of anything else could become gigabytes
        return None
    return zstandard.ZstdDecompressor().decompress(data)


def _text_digest(data: bytes) -> Digest | None:
    """The digest of the text in a zstd frame, which is never whole in memory: who made it may want to fill that.

    None if it is no frame, or longer than any manifest.
    """
    try:
        return Digest.of_pieces(_text_pieces(data)) if _may_be_manifest(data) else None
    except zstandard.ZstdError:
        return None


def _text_pieces(data: bytes) -> Iterator[bytes]:
    """Raises ZstdError unless the data is one whole frame, whose header says how long its text is."""
    frame = zstandard.ZstdDecompressor().decompressobj()
    left = zstandard.frame_content_size(data)
    for start in range(0, len(data), _PIECE):
        piece = frame.decompress(data[start : start + _PIECE])  # raises where the frame has ended
        left -= len(piece)
        if left < 0:
            break
        yield piece
    if left != 0 or not frame.eof or frame.unused_data:
        raise zstandard.ZstdError("not one whole frame")


def _may_be_manifest(data: bytes) -> bool:
    """By the frame's header alone.  Raises ZstdError."""
    if not data.startswith(_ZSTD_MAGIC) or not 0 <= zstandard.frame_content_size(data) <= MAX_MANIFEST_BYTES:
        return False
    return zstandard.get_frame_parameters(data).window_size <= _MAX_WINDOW
