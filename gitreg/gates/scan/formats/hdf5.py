"""HDF5, without its library: Keras keeps its configuration there in one piece of text."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gitreg.gates.scan.formats.json_tree import objects_between
from gitreg.gates.scan.formats.keras import check_config

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

_MAGIC = b"\x89HDF\r\n\x1a\n"
_FIRST_BLOCK = 512
_PIECE = 8 << 20
_OVERLAP = 2 << 20
_CONFIG = b"model_config"
_ADVICE = "build the model in code, and take the weights alone"


def look_at_hdf5(part: Part, scan: Scan) -> str | None:
    if not _is_hdf5(part):
        return None
    described = configured = False
    before, begin = b"", 0
    with part.open() as stream:
        for piece in iter(partial(stream.read, _PIECE), b""):
            data = before + piece
            described = described or _CONFIG in data
            for at, config in objects_between(data, scan.meter.parsed):
                configured = check_config(config, part.within(begin + at), scan) or configured
            before = data[-_OVERLAP:]
            begin += len(data) - len(before)
    if described and not configured:
        scan.unknown(part, "keras-config", "has a configuration of Keras that cannot be read from here", _ADVICE)
    return "hdf5"


def _is_hdf5(part: Part) -> bool:
    """Readers look for the beginning also behind a block of whatever else, at 512 bytes, 1024, 2048, ..."""
    if part.head(len(_MAGIC)) == _MAGIC:
        return True
    place = _FIRST_BLOCK
    with part.open() as stream:
        while part.size is not None and place + len(_MAGIC) <= part.size:
            stream.seek(place)
            if stream.read(len(_MAGIC)) == _MAGIC:
                return True
            place *= 2
    return False
