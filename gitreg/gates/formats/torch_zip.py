"""The zip archives of torch: one folder, one data.pkl, storages as they are.  What the pickle does is not asked."""

from __future__ import annotations

import re
import zipfile
from typing import BinaryIO

from gitreg.errors import FormatError
from gitreg.gates.formats.archive import open_archive

_PICKLE = "/data.pkl"
_NOTES = frozenset({"byteorder", "version", ".format_version", ".storage_alignment", ".data/serialization_id"})
_STORAGE = re.compile(r"data/[0-9]{1,9}")
_PROGRAM = re.compile(r"(code/.*|constants\.pkl|constants/.*|extra/.*)")


def check_torch_zip(stream: BinaryIO, size: int) -> None:  # noqa: ARG001  every parser is called alike
    """Look at the directory only.

    Raises:
        FormatError: a member that `torch.save` does not write, or one written otherwise.
    """
    with open_archive(stream) as archive:
        members = archive.infolist()
    roots = [member.filename.removesuffix(_PICKLE) for member in members if member.filename.endswith(_PICKLE)]
    if len(roots) != 1 or "/" in roots[0]:
        raise FormatError("has not exactly one data.pkl, in one folder")
    for member in members:
        root, _, name = member.filename.partition("/")
        if root != roots[0]:
            raise FormatError(f"has a member outside of its folder: {member.filename[:60]!r}")
        _check_member(member, name)


def _check_member(member: zipfile.ZipInfo, name: str) -> None:
    if _PROGRAM.fullmatch(name):
        raise FormatError("is TorchScript, which holds a program", hint="save the state_dict(), as safetensors")
    if name != _PICKLE[1:] and name not in _NOTES and not _STORAGE.fullmatch(name):
        raise FormatError(f"has an unexpected member {member.filename[:60]!r}")
    if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
        raise FormatError(f"compresses {member.filename[:60]!r}, which torch never does")
