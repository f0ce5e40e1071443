"""Numbers without any header: what they are, only a file beside them says, byte by byte."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from gitreg.errors import FormatError
from gitreg.gates.formats.bundle import LARGEST, read_bundle
from gitreg.gates.scan.formats.onnx_places import places_in
from gitreg.gates.scan.formats.openvino_places import constants_in

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

Extents = Iterator[tuple[int, int]]  # offsets and sizes

_LONGEST_GAP = 1 << 16  # for alignment


def look_at_raw_weights(part: Part, scan: Scan) -> str | None:
    """Asked last, of bytes that are nothing else: their own reader takes numbers from them."""
    for pattern, form, extents in _DESCRIBED:
        if (match := pattern.fullmatch(part.name)) and _is_filled(part, extents(match, part, scan)):
            return form
    return None


def _is_filled(part: Part, extents: Extents) -> bool:
    """Whether they reach from its first byte to its last, and not further, with nothing but zeros in between."""
    reached = 0
    try:
        for offset, count in sorted(extents):
            if offset > reached and not _is_padding(part, reached, offset - reached):
                return False
            reached = max(reached, offset + count)
    except FormatError:
        return False
    return reached == part.size


def _is_padding(part: Part, begin: int, count: int) -> bool:
    if count > _LONGEST_GAP:
        return False
    with part.open() as stream:
        stream.seek(begin)
        return stream.read(count) == bytes(count)


def _of_tensorflow(match: re.Match[str], part: Part, scan: Scan) -> Extents:
    index = part.beside(f"{match[1]}.index")
    if index is None:
        return
    shards, extents = read_bundle(index.head(LARGEST), scan.meter.step)
    if shards != int(match[3]):
        raise FormatError("belongs to another number of files")
    yield from ((extent.offset, extent.size) for extent in extents if extent.shard == int(match[2]))


def _of_openvino(match: re.Match[str], part: Part, scan: Scan) -> Extents:
    if graph := part.beside(f"{match[1]}.xml"):
        yield from constants_in(graph, scan.meter.step)


def _of_onnx(match: re.Match[str], part: Part, scan: Scan) -> Extents:
    model = part.beside(f"{match[1]}.onnx")
    return iter(()) if model is None else places_in(model, part, scan.meter)


_DESCRIBED: tuple[tuple[re.Pattern[str], str, Callable[[re.Match[str], Part, Scan], Extents]], ...] = (
    (re.compile(r"(.+)\.data-(\d{5})-of-(\d{5})"), "tf-checkpoint", _of_tensorflow),
    (re.compile(r"(.+)\.bin"), "openvino", _of_openvino),
    (re.compile(r"(.+?)(?:\.onnx)?[._]data(?:_\d+)?"), "onnx-data", _of_onnx),
)
