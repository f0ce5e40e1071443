"""Tables of rows: Parquet and Arrow.  Their schema may ask for Python's pickles, which old readers open."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gitreg.gates.scan.containers.inflate import seekable

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

_PARQUET = b"PAR1"
_FILE = b"ARROW1"
_STREAM = b"\xff\xff\xff\xff"  # before each message, behind which its length stands
_LENGTH = 4
# pyarrow before 14.0.1 unpickles what stands beside this name (CVE-2023-47248).
_PICKLED = b"arrow.py_extension_type"
_LARGEST_SCHEMA = 256 << 20
_ADVICE = "write it again without Python's extension types"


def look_at_table(part: Part, scan: Scan) -> str | None:
    """By the schema alone, wherever a reader takes it from: columns are numbers and texts to all of them."""
    head = part.head(8)
    form = "parquet" if head.startswith(_PARQUET) else "arrow"
    if form == "arrow" and not head.startswith((_FILE + b"\x00\x00", _STREAM)):
        return None
    whole = seekable(part, scan.meter)
    schemas = list(_parquet(whole) if form == "parquet" else _arrow(whole, head))
    if None in schemas:
        return None
    if any(name in schema for schema in schemas if schema for name in _NAMES):
        scan.unsafe(part, "arrow-pickle", "has a column of a type that pyarrow unpickled until 14.0", _ADVICE)
    return form


def _parquet(part: Part) -> Iterator[bytes | None]:
    yield _before(part, len(_PARQUET), _PARQUET)


def _arrow(part: Part, head: bytes) -> Iterator[bytes | None]:
    """Of a file, the schema stands at both ends."""
    begin = 0
    if head.startswith(_FILE):
        begin = 8
        yield _before(part, len(_FILE), _FILE)
    with part.open() as stream:
        stream.seek(begin)
        mark, length = stream.read(len(_STREAM)), int.from_bytes(stream.read(_LENGTH), "little")
        fits = mark == _STREAM and 0 < length <= min(part.size or 0, _LARGEST_SCHEMA)
        schema = stream.read(length) if fits else b""
    yield schema if fits and len(schema) == length else None


def _before(part: Part, end: int, magic: bytes) -> bytes | None:
    """What ends with its own length and the magic."""
    tail = part.tail(_LENGTH + end)
    length = int.from_bytes(tail[:_LENGTH], "little")
    if tail[_LENGTH:] != magic or not 0 < length <= min((part.size or 0) - len(tail), _LARGEST_SCHEMA):
        return None
    return part.tail(length + len(tail))[:length]


def _encoded(text: bytes) -> Iterator[bytes]:
    """As it stands, and in base64, as Parquet keeps Arrow's schema: by what came before it, in one of three ways."""
    yield text
    for before in range(3):
        begin, end = -(-before * 4 // 3), (before + len(text)) * 4 // 3
        yield base64.b64encode(bytes(before) + text)[begin:end]


_NAMES = tuple(_encoded(_PICKLED))
