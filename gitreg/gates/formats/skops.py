"""skops archives: a schema of known shape and the arrays it names.  Whether its types are safe is not asked here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from gitreg.errors import FormatError
from gitreg.gates.formats.archive import open_archive, open_member
from gitreg.gates.formats.npy import check_npy
from gitreg.gates.formats.npz import check_npz
from gitreg.gates.formats.reading import read_at_most, strict_json

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

_SCHEMA = "schema.json"
_LONGEST_SCHEMA = 256 << 20
_DATA = re.compile(r"[0-9A-Za-z_-]+\.(npy|npz|bin)")
_NODE = frozenset({"__class__", "__module__", "__loader__"})


def check_skops(stream: BinaryIO, size: int) -> None:  # noqa: ARG001  every parser is called alike
    """Read the schema and the headers of the arrays.

    Raises:
        FormatError: a member that no skops version writes, or a schema that none can read.
    """
    with open_archive(stream) as archive:
        members = {member.filename: member for member in archive.infolist()}
        schema = members.pop(_SCHEMA, None)
        if schema is None:
            raise FormatError("has no schema.json")
        _check_schema(archive, schema)
        for member in members.values():
            _check_data(archive, member)


def _check_schema(archive: ZipFile, member: ZipInfo) -> None:
    with open_member(archive, member) as content:
        schema = strict_json(read_at_most(content, _LONGEST_SCHEMA, _SCHEMA), _SCHEMA)
    if not isinstance(schema, dict) or not schema.keys() >= _NODE:
        raise FormatError("its schema.json describes no object")
    if type(schema.get("protocol")) is not int or not isinstance(schema.get("_skops_version"), str):
        raise FormatError("its schema.json names no protocol and version")


def _check_data(archive: ZipFile, member: ZipInfo) -> None:
    match = _DATA.fullmatch(member.filename)
    if match is None:
        raise FormatError(f"has an unexpected member {member.filename[:60]!r}")
    if match[1] == "bin":
        return
    with open_member(archive, member) as content:
        try:
            (check_npy if match[1] == "npy" else check_npz)(content, member.file_size)
        except FormatError as error:
            raise FormatError(f"{member.filename!r} {error.message}", hint=error.hint) from None
