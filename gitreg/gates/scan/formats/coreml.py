"""Core ML: a model in protocol buffers, and the file of weights in a package.

Numbers of fields: https://apple.github.io/coremltools/mlmodel/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, BinaryIO

from gitreg.errors import FormatError
from gitreg.gates.formats.binary import Taken
from gitreg.gates.scan.finding import shown
from gitreg.gates.scan.formats.mil import files_of
from gitreg.gates.scan.formats.protobuf import fields, inside

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

_BEGINS = re.compile(rb"\x08[\x01-\x1f]\x12")  # version of the specification, description
_DESCRIPTION, _FIRST_TYPE = 2, 200
_CUSTOM_MODEL, _LINKED_MODEL, _PROGRAM = 555, 556, 502
_NETWORKS = frozenset({303, 403, 500})
_WRAPPED_PIPELINES, _PIPELINE = frozenset({200, 201}), 202
_TYPES = frozenset({
    200, 201, 202, 300, 301, 302, 303, 400, 401, 402, 403, 404, 500, 501, 502, 555, 556, 560, 600, 601, 602, 603, 604,
    606, 607, 609, 610, 900, 2000, 2001, 2002, 2003, 2004, 2005, 2006, 3000,
})  # fmt: skip
_LAYERS, _CUSTOM_LAYER = 1, 500
_NETWORKS_IN: Mapping[int, tuple[int, ...]] = {605: (1, 2), 615: (3, 4)}  # branches, loops
_DEEPEST = 8
_LONGEST_PROGRAM = 256 << 20
_LONGEST_PLACE = 1 << 12
_BLOB_HEADER = re.compile(rb"(.{4})\x02\0\0\0\0{56}\xef\xbe\xad\xde", re.DOTALL)
_SENTINEL = 0xDEADBEEF
_ALIGNMENT = 64
_ADVICE = "ask for a model of standard layers, in one package"


def look_at_coreml(part: Part, scan: Scan) -> str | None:
    if part.size is None or not _BEGINS.match(part.head(3)):
        return None
    try:
        with part.open() as stream:
            return "coreml" if _check_model(stream, (0, part.size), part, scan, 0) else None
    except FormatError:
        return None


def _check_model(stream: BinaryIO, place: tuple[int, int], part: Part, scan: Scan, depth: int) -> bool:
    """Whether it has the fields of a model, and of its types one."""
    stream.seek(place[0])
    found = list(fields(stream, place[1], scan.meter.step))
    types = [field for field in found if field[0] >= _FIRST_TYPE]
    if {number for number, *_ in found} - _TYPES != {_DESCRIPTION} or len(types) != 1 or depth > _DEEPEST:
        return False
    number, begin, length = types[0]
    if number in {_CUSTOM_MODEL, _LINKED_MODEL}:
        scan.unknown(part, "coreml-custom", "names a model that lies elsewhere, or a class of its reader's", _ADVICE)
    elif number in _NETWORKS:
        _check_layers(stream, begin, length, part, scan)
    elif number == _PROGRAM:
        _check_places(stream, begin, length, part, scan)
    elif number in _WRAPPED_PIPELINES or number == _PIPELINE:
        step = scan.meter.step
        pipelines = [(begin, length)] if number == _PIPELINE else list(inside(stream, (begin, length), 1, step))
        models = [model for pipeline in pipelines for model in inside(stream, pipeline, 1, step)]
        return all(_check_model(stream, model, part, scan, depth + 1) for model in models)
    return True


def _check_layers(stream: BinaryIO, begin: int, length: int, part: Part, scan: Scan) -> None:
    networks, step = [(begin, length)], scan.meter.step
    while networks:
        for at, size in inside(stream, networks.pop(), _LAYERS, step):
            stream.seek(at)
            for number, *place in fields(stream, size, step):
                if number == _CUSTOM_LAYER:
                    detail = "has a layer that its reader must have code for"
                    scan.unknown(part.within(at), "coreml-custom", detail, _ADVICE)
                for each in _NETWORKS_IN.get(number, ()):
                    networks += inside(stream, (place[0], place[1]), each, step)


def _check_places(stream: BinaryIO, begin: int, length: int, part: Part, scan: Scan) -> None:
    if length > _LONGEST_PROGRAM:
        scan.unknown(part, "coreml-program", f"has a program of more than {_LONGEST_PROGRAM} bytes", _ADVICE)
        return
    stream.seek(begin)
    try:
        for at, name in files_of(stream.read(length), scan.meter.step):
            if not _is_inside(name):
                text = shown(name[:_LONGEST_PLACE].decode("utf-8", "replace"))
                detail = f"reads its weights from {text}, outside of the package"
                scan.unsafe(part.within(begin + at), "coreml-external", detail, _ADVICE)
    except FormatError as error:
        scan.unknown(part.within(begin), "coreml-program", error.message, _ADVICE)


def _is_inside(name: bytes) -> bool:
    package, *way = re.split(rb"[/\\]", name)
    return package == b"@model_path" and bool(way) and {b"", b".."}.isdisjoint(way) and b"\0" not in name


def look_at_coreml_weights(part: Part, scan: Scan) -> str | None:
    """MILBlob's second version: each blob behind what says how long it is."""
    match = _BLOB_HEADER.match(part.head(_ALIGNMENT + 4))
    if match is None or part.size is None:
        return None
    try:
        with part.open() as stream:
            taken = Taken(stream, part.size, scan.meter.step)
            taken.skip(_ALIGNMENT)
            for _ in range(int.from_bytes(match[1], "little")):
                _skip_blob(taken)
    except FormatError:
        return None
    return "coreml-weights" if taken.left < _ALIGNMENT else None


def _skip_blob(taken: Taken) -> None:
    begin = taken.at
    sentinel, _, size, offset = taken.little(4), taken.little(4), taken.little(8), taken.little(8)
    if sentinel != _SENTINEL or offset != begin + _ALIGNMENT:
        raise FormatError("has a blob in another place than it says")
    end = offset + size
    taken.skip(min(-(-end // _ALIGNMENT) * _ALIGNMENT, max(end, taken.size)) - taken.at)
