"""Writes one file of a checkout under a temporary name and lets it be seen only if its SHA-256 is right."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gitreg.core.limits import KIB, MIB
from gitreg.core.text import escape
from gitreg.errors import VerificationError

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from gitreg.core.manifest import FileEntry
    from gitreg.storage.destination import Destination
    from gitreg.storage.direct_write import DirectWriter
    from gitreg.storage.temp_area import TempArea

# Below this, handing bytes to another thread costs more than hashing them.
_WORTH_A_THREAD: Final = 256 * KIB
# From this on, a file goes past the page cache: whoever pulls many gigabytes rarely has the memory to keep them in.
_WORTH_DIRECT: Final = MIB


@dataclass(frozen=True, slots=True)
class Writing:
    """What the files of one checkout share while they are written."""

    area: TempArea
    hashers: Executor
    direct: DirectWriter


class FileWriter:
    """One file on its way; ends with `finish` or `abandon`."""

    def __init__(self, file: FileEntry, shared: Writing) -> None:
        self._file = file
        self._shared = shared
        self._hash = hashlib.sha256()
        self._hashing: Future[None] | None = None
        self._left = file.size
        self._descriptor, self._temporary = shared.area.new_file(0o777 if file.executable else 0o666)
        self._stream = shared.direct.stream(self._descriptor) if file.size >= _WORTH_DIRECT else None

    @property
    def complete(self) -> bool:
        """Whether all bytes are written."""
        return not self._left

    def write(self, data: memoryview) -> None:
        """Append verified bytes; hashing large pieces goes on beside the next ones."""
        self._wait()
        if len(data) < _WORTH_A_THREAD:
            self._hash.update(data)
        else:
            self._hashing = self._shared.hashers.submit(self._hash.update, data)
        self._left -= len(data)
        if self._stream is not None:
            self._stream.append(data)
            return
        while data:
            data = data[os.write(self._descriptor, data) :]

    def finish(self, destination: Destination) -> None:
        """Put the file in its place.  Raises VerificationError if it is not the file the manifest names."""
        if self._stream is not None:
            self._stream.finish()
        self._wait()
        self._close()
        if self._hash.hexdigest() != self._file.sha256:
            raise VerificationError(
                f"'{escape(self._file.path)}' does not have the SHA-256 its manifest claims",
                hint="the manifest was made by a faulty or hostile program; do not use this artifact",
            )
        destination.put(self._shared.area.descriptor, self._temporary, self._file.path)

    def abandon(self) -> None:
        """Let go of the file; the temporary area's end removes it."""
        self._wait()
        self._close()

    def _wait(self) -> None:
        if self._hashing is not None:
            self._hashing.result()
            self._hashing = None

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
