"""Which arrays an .npz file holds, by their own headers.  Reads no numbers."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import BinaryIO

from gitreg.gates.formats.archive import open_archive, open_member
from gitreg.gates.formats.npy import MAGIC
from gitreg.gates.formats.value import Value

_NUMBER = re.compile(r"[<>|=]([iufc])(\d+)")
_KINDS: Mapping[str, str] = {"i": "int", "u": "uint", "f": "float", "c": "complex"}


def npz_values(stream: BinaryIO) -> tuple[Value, ...]:
    """Of an archive that the check accepted, by the names that `numpy.load` gives them."""
    with open_archive(stream) as archive:
        values = []
        for member in archive.infolist():
            with open_member(archive, member) as content:
                values.append(_value(member.filename.removesuffix(".npy"), content))
    return tuple(values)


def _value(name: str, content: BinaryIO) -> Value:
    content.read(len(MAGIC))
    major, _ = content.read(2)
    length = int.from_bytes(content.read(2 if major == 1 else 4), "little")
    header = ast.literal_eval(content.read(length).decode("latin-1" if major < 3 else "utf-8"))
    return Value(name, _kind(header["descr"]), header["shape"])


def _kind(descr: object) -> str | None:
    """NumPy's name, whatever the byte order; None for what is no plain number."""
    if descr == "|b1":
        return "bool"
    number = _NUMBER.fullmatch(descr) if isinstance(descr, str) else None
    return f"{_KINDS[number[1]]}{8 * int(number[2])}" if number else None
