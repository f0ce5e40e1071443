"""HDF5, without its library: Keras keeps its configuration there in one piece of text."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gitreg.gates.scan.finding import shown
from gitreg.gates.scan.formats.hdf5_links import ways_out
from gitreg.gates.scan.formats.json_tree import objects_between
from gitreg.gates.scan.formats.keras import check_config

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

_MAGIC = b"\x89HDF\r\n\x1a\n"
_HEAP = b"HEAP"
_FIRST_BLOCK = 512
_PIECE = 8 << 20
_OVERLAP = 2 << 20
_CONFIG = b"model_config"
_WHOLE = "ask for one file that holds everything"
_ADVICE = "build the model in code, and take the weights alone"


def look_at_hdf5(part: Part, scan: Scan) -> str | None:
    base = _beginning(part)
    if base is None:
        return None
    described = configured = False
    before, begin = b"", 0
    with part.open() as stream:
        for piece in iter(partial(stream.read, _PIECE), b""):
            data = before + piece
            described = described or _CONFIG in data
            for at, config in objects_between(data, _OVERLAP, scan.meter.parsed):
                configured = check_config(config, part.within(begin + at), scan) or configured
            _check_ways_out(part, scan, data, begin, base)
            before = data[-_OVERLAP:]
            begin += len(data) - len(before)
    if described and not configured:
        scan.unknown(part, "keras-config", "has a configuration of Keras that cannot be read from here", _ADVICE)
    return "hdf5"


def _check_ways_out(part: Part, scan: Scan, data: bytes, begin: int, base: int) -> None:
    for way in ways_out(data):
        scan.meter.member()
        if way.heap is None or _is_heap(part, base + way.heap):
            detail = f"reads a part of itself from another file: {shown(way.file)}"
            scan.unsafe(part.within(begin + way.place), "hdf5-external", detail, _WHOLE)


def _is_heap(part: Part, place: int) -> bool:
    """Where one cannot go back to look, it counts as one."""
    if part.size is None or place > part.size:
        return part.size is None
    with part.open() as stream:
        stream.seek(place)
        return stream.read(len(_HEAP)) == _HEAP


def _beginning(part: Part) -> int | None:
    """Readers look for it also behind a block of whatever else, at 512 bytes, 1024, 2048, ..."""
    if part.head(len(_MAGIC)) == _MAGIC:
        return 0
    place = _FIRST_BLOCK
    with part.open() as stream:
        while part.size is not None and place + len(_MAGIC) <= part.size:
            stream.seek(place)
            if stream.read(len(_MAGIC)) == _MAGIC:
                return place
            place *= 2
    return None
