"""Writes one file of a checkout under a temporary name and lets it be seen only if it is right."""

from __future__ import annotations

import hashlib
import os
from enum import Enum
from typing import TYPE_CHECKING

from gitreg.storage.partial import temporary_prefix
from gitreg.storage.verified import WrongSha256Error

if TYPE_CHECKING:
    from gitreg.core.manifest import FileEntry
    from gitreg.storage.destination import Destination
    from gitreg.storage.temp_area import TempArea


class Proof(Enum):
    """By what a file is known to be the one that the manifest means."""

    CHUNKS = "chunks"  # verified already, and they hold nothing but this file
    SHA256 = "sha256"


class FileWriter:
    """One file on its way; ends with `finish` or `abandon`.

    Through the page cache, unlike objects: whoever checks a model out is about to load it.
    """

    def __init__(self, file: FileEntry, area: TempArea, proof: Proof) -> None:
        self._file = file
        self._area = area
        self._hash = hashlib.sha256() if proof is Proof.SHA256 else None
        self._left = file.size
        self._descriptor, self._temporary = area.new_file(0o777 if file.executable else 0o666, temporary_prefix(file))

    @property
    def complete(self) -> bool:
        """Whether all bytes are written."""
        return not self._left

    def write(self, data: memoryview) -> None:
        """Append bytes of verified chunks."""
        if self._hash is not None:
            self._hash.update(data)
        self._left -= len(data)
        while data:
            data = data[os.write(self._descriptor, data) :]

    def finish(self, destination: Destination) -> None:
        """Put the file in its place.  Raises WrongSha256Error if it is not the file the manifest names."""
        self.abandon()
        if self._hash is not None and self._hash.hexdigest() != self._file.sha256:
            raise WrongSha256Error(self._file.path)
        destination.put(self._area.descriptor, self._temporary, self._file.path)

    def abandon(self) -> None:
        """Let go of the file; the temporary area's end removes it."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)
