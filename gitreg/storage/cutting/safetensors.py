"""Tensor offsets of a safetensors file (https://github.com/huggingface/safetensors, "Format").

The header is searched for offsets instead of being parsed: JSON parsers differ in what they refuse and how deep they
go, and the cuts must be the same everywhere.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gitreg.core.limits import MIB

if TYPE_CHECKING:
    from gitreg.storage.cutting.head import Head

_MAX_HEADER: Final = 16 * MIB
_OFFSETS: Final = re.compile(
    rb'"data_offsets"[ \t\r\n]*:[ \t\r\n]*\[[ \t\r\n]*([0-9]{1,16})[ \t\r\n]*,[ \t\r\n]*([0-9]{1,16})'
)


def is_safetensors(start: bytes) -> bool:
    """A length of eight bytes that is plausible, then a JSON object."""
    return start[8:9] == b"{" and 2 <= int.from_bytes(start[:8], "little") <= _MAX_HEADER


def safetensors_boundaries(head: Head) -> list[int]:
    """The header's end, and every tensor's start and end."""
    length = int.from_bytes(head.at(0, 8), "little")
    data = 8 + length
    offsets = _OFFSETS.finditer(head.at(8, length))
    return [data] + [data + int(number) for match in offsets for number in match.groups()]
