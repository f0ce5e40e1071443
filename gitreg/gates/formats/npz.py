"""NumPy's .npz: a zip archive of .npy members and nothing else.  Needs no NumPy."""

from __future__ import annotations

from typing import BinaryIO

from gitreg.errors import FormatError
from gitreg.gates.formats.archive import open_archive, open_member
from gitreg.gates.formats.npy import check_npy


def check_npz(stream: BinaryIO, size: int) -> None:  # noqa: ARG001  every parser is called alike
    """Read the headers of all members.

    Raises:
        FormatError: naming the member at fault.
    """
    with open_archive(stream) as archive:
        for member in archive.infolist():
            if not member.filename.endswith(".npy"):
                raise FormatError(f"has a member that is no array: {member.filename[:60]!r}")
            with open_member(archive, member) as content:
                try:
                    check_npy(content, member.file_size)
                except FormatError as error:
                    raise FormatError(f"{member.filename[:60]!r} {error.message}", hint=error.hint) from None
