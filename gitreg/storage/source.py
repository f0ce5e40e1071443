"""The files that are to be added, as an artifact has them: checked, and in canonical order."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple

from gitreg.core.artifact_path import check_paths
from gitreg.core.bulk import collector_paused
from gitreg.core.limits import MAX_ARTIFACT_BYTES, MAX_FILES
from gitreg.core.manifest import canonical_key
from gitreg.core.text import escape
from gitreg.errors import FormatError, SourceError
from gitreg.storage.listing import Fingerprint, Listing, list_files

if TYPE_CHECKING:
    from pathlib import Path


class SourceFile(NamedTuple):
    """A regular file: its path in the artifact, what stands before it on disk, and its fingerprint when it was listed.

    A tuple, because a source may have a million of them.
    """

    path: str
    start: str
    fingerprint: Fingerprint

    @property
    def place(self) -> str:
        """Where the file is."""
        return self.start + self.path

    @property
    def size(self) -> int:
        return self.fingerprint.size


class Source(NamedTuple):
    """Files that can be an artifact, in canonical order, and their bytes in all."""

    files: tuple[SourceFile, ...]
    size: int

    @classmethod
    def of(cls, listing: Listing) -> Source:
        """Check what was listed.  Raises SourceError for whatever cannot be an artifact."""
        shown, size = escape(str(listing.root)), listing.size
        if not listing.paths:
            raise SourceError(f"nothing to add: {shown} holds no files", hint="put the files in place first")
        if len(listing.paths) > MAX_FILES or size > MAX_ARTIFACT_BYTES:
            raise SourceError(f"too large for one artifact: {shown}", hint=f"at most {MAX_FILES} files; split it")
        with collector_paused():
            found = map(SourceFile, listing.paths, repeat(listing.start), listing.fingerprints())
            files = sorted(found, key=lambda file: canonical_key(file.path, file.fingerprint.size))
        try:
            check_paths(file.path for file in files)
        except FormatError as error:
            raise SourceError(error.message, hint=error.hint) from error
        return cls(tuple(files), size)


def list_source(root: Path, now_ns: int) -> Source:
    """List a file or a directory tree, and check it.  Raises SourceError."""
    return Source.of(list_files(root, now_ns))
