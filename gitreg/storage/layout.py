"""What every store looks like, local or remote: where an object lies, and the file that says which layout this is."""

from __future__ import annotations

from typing import Final

from gitreg.core.digest import Digest
from gitreg.core.text import escape
from gitreg.errors import FormatError, RefusedError, StorageError

FORMAT_FILE: Final = "format"
FORMAT_TEXT: Final = b"gitreg-store 1\n"
SEALED_FORMAT_TEXT: Final = b"gitreg-store 1 sealed\n"
MAX_FORMAT_BYTES: Final = 1024
OBJECTS: Final = "objects"
DOOMED: Final = "doomed"  # what a gc has moved aside
INCOMING: Final = "incoming"  # where services that know no whole uploads gather them


def object_path(digest: Digest) -> str:
    """`objects/ab/abcdef...`, relative to the store."""
    return f"{OBJECTS}/{digest.hex[:2]}/{digest.hex}"


def digest_of_name(name: str) -> Digest | None:
    """The object a file below `objects/` holds, or None for a stranger's file."""
    try:
        return Digest.from_hex(name)
    except FormatError:
        return None


def check_format(data: bytes, where: str, expected: bytes = FORMAT_TEXT) -> None:
    """Raise FormatError for a layout this program does not know, RefusedError for one that the registry does not mean.

    Whether a store is sealed is never for the store to say: who holds it would read what is written next.
    """
    if data == expected:
        return
    if data in (FORMAT_TEXT, SEALED_FORMAT_TEXT):
        found, meant = ("encrypted", "it is not") if data == SEALED_FORMAT_TEXT else ("not encrypted", "it is")
        raise RefusedError(
            f"the store at {where} is {found}, and for this registry {meant}",
            hint="check the remote's URL, and [sealed] in .gitreg/config.toml",
        )
    first = escape(data[:60].decode(errors="replace").partition("\n")[0])
    raise FormatError(
        f"the store at {where} has an unknown layout: '{first}'",
        hint="if a newer gitreg made it, upgrade with: pip install --upgrade gitreg",
    )


def no_store(where: str) -> StorageError:
    """What opening a place without a `format` file says."""
    return StorageError(
        f"no gitreg store at {where}", hint="check the URL, or create the store with: gitreg remote add"
    )
