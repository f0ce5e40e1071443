"""Objects that a gc has moved aside in a remote store: `doomed/ab/name/SWEEP`, where they can still be read.

Each sweep has names of its own, so that what one does with its copies never touches another's.  See docs/adr/0019.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from gitreg.errors import StorageError
from gitreg.storage.layout import DOOMED, OBJECTS
from gitreg.storage.remote.driver import AbsentError
from gitreg.storage.verified import CorruptObjectError, is_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitreg.core.digest import Digest
    from gitreg.storage.remote.codec import Codec
    from gitreg.storage.remote.driver import Driver, Entry

_LOOKS: Final = 3  # each in vain only if another gc moves the object at that moment


def aside_key(key: str, sweep: str) -> str:
    """Where a sweep moves the object under `key`."""
    return f"{_folder(key)}/{sweep}"


def object_key(copy: str) -> str:
    """Where the object that was moved to `copy` belongs."""
    return OBJECTS + copy.removeprefix(DOOMED).rpartition("/")[0]


def entries_aside(driver: Driver, codec: Codec) -> Iterator[tuple[Digest, Entry]]:
    """Everything that sweeps have moved aside so far, under each object's own name."""
    for entry in driver.list(DOOMED):
        digest = codec.digest(object_key(entry.key))
        if digest is not None:
            yield digest, entry


def read_aside(driver: Driver, key: str) -> bytes:
    """An object that is not in its place.  Raises AbsentError."""
    for _ in range(_LOOKS):
        copies = list(driver.list(_folder(key)))
        for copy in copies:
            with suppress(AbsentError):
                return driver.get(copy.key)
        if not copies:
            break
    return driver.get(key)  # where it is again, if it was put back since one looked there


def intact_aside(driver: Driver, codec: Codec, digest: Digest) -> bytes | None:
    """An object as the first sound one of its copies has it, or None if no copy is sound."""
    for copy in driver.list(_folder(codec.key(digest))):
        with suppress(StorageError, CorruptObjectError):
            data = codec.decode(digest, driver.get(copy.key))
            if is_object(digest, data):
                return data
    return None


def _folder(key: str) -> str:
    return DOOMED + key.removeprefix(OBJECTS)
