"""Keras v3 archives: a configuration, a note of versions, HDF5 weights.  Whether layers are safe is not asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from gitreg.errors import FormatError
from gitreg.gates.formats.archive import open_archive, open_member
from gitreg.gates.formats.reading import read_at_most, strict_json

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_ASSET = re.compile(r"assets/.*")
_LONGEST_JSON = 64 << 20
_HDF5 = b"\x89HDF\r\n\x1a\n"


def check_keras(stream: BinaryIO, size: int) -> None:  # noqa: ARG001  every parser is called alike
    """Read both JSON members and the beginning of the weights.

    Raises:
        FormatError: a member that Keras does not write, or one that is missing or malformed.
    """
    with open_archive(stream) as archive:
        members = {member.filename: member for member in archive.infolist()}
        for name in (_CONFIG, _METADATA, _WEIGHTS):
            if name not in members:
                raise FormatError(f"has no {name}")
        for name in members:
            if name not in {_CONFIG, _METADATA, _WEIGHTS} and not _ASSET.fullmatch(name):
                raise FormatError(f"has an unexpected member {name[:60]!r}")
        if not isinstance(_table(archive, members[_CONFIG]).get("class_name"), str):
            raise FormatError("its config.json describes no model")
        if not isinstance(_table(archive, members[_METADATA]).get("keras_version"), str):
            raise FormatError("its metadata.json names no version of Keras")
        with open_member(archive, members[_WEIGHTS]) as content:
            if content.read(len(_HDF5)) != _HDF5:
                raise FormatError("its model.weights.h5 is not HDF5")


def _table(archive: ZipFile, member: ZipInfo) -> dict[str, object]:
    with open_member(archive, member) as content:
        table = strict_json(read_at_most(content, _LONGEST_JSON, member.filename), member.filename)
    if not isinstance(table, dict):
        raise FormatError(f"its {member.filename} is not a table")
    return table
