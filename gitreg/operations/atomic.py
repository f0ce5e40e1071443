"""Writing a small file of the working tree so that it is there whole, or as it was."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from gitreg.core.text import escape
from gitreg.errors import StorageError
from gitreg.storage.pending import sync


def write_file(path: Path, data: bytes) -> None:
    """Replace a file: temporary, fsync, rename, fsync of the folder.  Raises StorageError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, data)
    except OSError as error:
        raise StorageError(f"cannot write {escape(str(path))}: {error.strerror}", hint="nothing was changed") from None


def _replace(path: Path, data: bytes) -> None:
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    descriptor, nascent = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(nascent).replace(path)
        sync(path.parent)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(nascent).unlink()
        raise


def _umask() -> int:
    # there is no way to read it but to set it
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
