"""Model files with a header of their own: NumPy arrays, safetensors, HDF5, GGUF."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from gitreg.errors import FormatError
from gitreg.gates.formats import npy
from gitreg.gates.formats.safetensors import check_safetensors
from gitreg.gates.scan.formats.keras import check_config, config_texts
from gitreg.gates.scan.part import window

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

_PIECE = 8 << 20
_OVERLAP = 1 << 20
_TEMPLATE = b"tokenizer.chat_template"
_SANDBOX = re.compile(
    rb"\{[{%][^}]*?(__\w+__|\|\s*attr\b|\bmro\b|\bim_func\b|\bcr_frame\b|\bf_globals\b|%\s*import|%\s*include)"
)
_LONGEST_TEMPLATE = 1 << 20


def look_at_npy(part: Part, scan: Scan) -> str | None:
    head = part.head(12 + 10_000)
    if not head.startswith(npy.MAGIC):
        return None
    whole = part.size if part.size is not None else 1 << 62
    try:
        with part.open() as stream:
            npy.check_npy(stream, whole)
    except FormatError as error:
        if error.message == npy.OBJECTS:
            _look_at_objects(part, scan, head)
        elif part.size is not None:
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


def look_at_hdf5(part: Part, scan: Scan) -> str | None:
    """Without an HDF5 library: Keras keeps its configuration in one piece of text."""
    if not part.head(8).startswith(b"\x89HDF\r\n\x1a\n"):
        return None
    before = b""
    with part.open() as stream:
        for piece in iter(partial(stream.read, _PIECE), b""):
            if b'"class_name"' in (data := before + piece):
                for config in config_texts(data):
                    check_config(config, part, scan)
                if b"Lambda" in data:
                    check_config({"class_name": "Lambda", "config": {}}, part, scan)
            before = piece[-_OVERLAP:]
    return "hdf5"


def look_at_gguf(part: Part, scan: Scan) -> str | None:
    """The chat templates: Jinja, which a reader that does not sandbox it runs as code."""
    if part.head(4) != b"GGUF":
        return None
    data = part.head(64 << 20)
    at = data.find(_TEMPLATE)
    while at >= 0:
        if match := _SANDBOX.search(data[at : at + _LONGEST_TEMPLATE]):
            what = match[1].decode("ascii", "replace")
            scan.unsafe(part, "gguf-template", f"has a chat template that reaches for {what}")
        at = data.find(_TEMPLATE, at + 1)
    return "gguf"
