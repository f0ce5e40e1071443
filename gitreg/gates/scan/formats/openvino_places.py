"""Which bytes of a file beside it OpenVINO's description of a network takes for its constants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING
from xml.parsers import expat

from gitreg.errors import FormatError

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part

_LONGEST = 64 << 20
_LONGEST_NUMBER = 15
_LONGEST_SHAPE = 200
# Bits of each number.  Texts are as long as they like.
_BITS: Mapping[str, int] = {
    "f64": 64, "f32": 32, "f16": 16, "bf16": 16, "f8e4m3": 8, "f8e5m2": 8, "nf4": 4, "boolean": 8,
    "i64": 64, "i32": 32, "i16": 16, "i8": 8, "i4": 4, "u64": 64, "u32": 32, "u16": 16, "u8": 8, "u4": 4, "u1": 1,
}  # fmt: skip


def constants_in(graph: Part, step: Callable[[], None]) -> list[tuple[int, int]]:
    """Offsets and sizes.  `step`: called for each element, and may stop a walk that takes too long.

    Raises:
        FormatError: no such description, or one with parts that other readers take otherwise or from elsewhere.
    """
    walk = _Walk(step)
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = walk.begin, walk.end
    parser.CommentHandler = parser.StartCdataSectionHandler = _refuse
    parser.ProcessingInstructionHandler = parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(graph.head(_LONGEST), True)  # noqa: FBT003  it has no name
    except expat.ExpatError:
        raise FormatError("is no XML") from None
    return walk.found


def _refuse(*_: object) -> None:
    raise FormatError("has a comment, or something else that no tool writes into it")


@dataclass(slots=True)
class _Walk:
    """`within`: the elements on the way, and whether each is a layer that is a constant."""

    step: Callable[[], None]
    within: list[bool] = field(default_factory=list)
    found: list[tuple[int, int]] = field(default_factory=list)

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self.step()
        if not self.within and name != "net":
            raise FormatError("describes no network")
        if name == "data" and self.within[-1:] == [True]:
            self.found.append(_place(attributes))
        self.within.append(name == "layer" and attributes.get("type") == "Const")

    def end(self, _: str) -> None:
        self.within.pop()


def _place(attributes: dict[str, str]) -> tuple[int, int]:
    shape = attributes.get("shape", "-").replace(" ", "")
    if len(shape) > _LONGEST_SHAPE:
        raise FormatError("has a constant of too many dimensions")
    size = _number(attributes.get("size", ""))
    bits = _BITS.get(attributes.get("element_type", ""), 0) * prod(map(_number, shape.split(",") if shape else ()))
    if not bits or size != -(-bits // 8):
        raise FormatError("has a constant of another size than its numbers")
    return _number(attributes.get("offset", "")), size


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > _LONGEST_NUMBER:
        raise FormatError("has a size that is no number")
    return int(text)
