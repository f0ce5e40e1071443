"""Model files with a header of their own: NumPy arrays, safetensors, GGUF."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitreg.errors import FormatError
from gitreg.gates.formats import gguf, npy
from gitreg.gates.formats.safetensors import check_safetensors
from gitreg.gates.scan.formats.texts import check_template
from gitreg.gates.scan.part import window

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan


_UNKNOWN_SIZE = 1 << 62


def look_at_npy(part: Part, scan: Scan) -> str | None:
    head = part.head(12 + 10_000)
    if not head.startswith(npy.MAGIC):
        return None
    try:
        with part.open() as stream:
            npy.check_npy(stream, part.size)
    except FormatError as error:
        if error.message == npy.OBJECTS:
            _look_at_objects(part, scan, head)
        else:
            scan.unknown(part, "npy", error.message)
    return "npy"


def _look_at_objects(part: Part, scan: Scan, head: bytes) -> None:
    """An array of objects is its header, then a pickle."""
    width = 2 if head[6] == 1 else 4
    begin = 8 + width + int.from_bytes(head[8 : 8 + width], "little")
    if part.size is None:
        scan.unknown(part, "npy-objects", "is a compressed array of Python objects, which is not looked into")
        return
    inner = part.inner("objects", part.size - begin, window(part, begin, part.size - begin))
    scan.inside(replace(inner, where=part.where))


def look_at_safetensors(part: Part, scan: Scan) -> str | None:
    head = part.head(16)
    begins = len(head) > 9 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 100_000_000
    if not begins or part.size is None:
        return None
    try:
        with part.open() as stream:
            check_safetensors(stream, part.size)
    except FormatError as error:
        scan.unknown(part, "safetensors", error.message)
    return "safetensors"


def look_at_gguf(part: Part, scan: Scan) -> str | None:
    """The chat templates: Jinja, which a reader that does not sandbox it runs as code."""
    if part.head(4) != gguf.MAGIC:
        return None
    try:
        with part.open() as stream:
            for template in gguf.chat_templates(stream, _UNKNOWN_SIZE if part.size is None else part.size):
                check_template(part, scan, template)
    except FormatError as error:
        scan.unknown(part, "gguf", error.message)
    return "gguf"
