"""Torch's views as tensors for safetensors: tied ones once, strided ones gathered.  Knows the file, not its format."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from gitreg.core.text import escape
from gitreg.errors import FormatError
from gitreg.serializers.convert.tensor import ITEM_BYTES, PIECE, Tensor
from gitreg.serializers.optional import require

if TYPE_CHECKING:
    import numpy as np

    from gitreg.serializers.convert.torch_file import Extent
    from gitreg.serializers.convert.torch_values import View

_MOST_GROWTH = 4  # an expanded tensor takes no room in torch's file, but all of it in safetensors
_GROWTH_ALLOWED = 64 << 20

Read = Callable[[int, int], bytes]


@dataclass(frozen=True, slots=True)
class Untied:
    """`aliases` maps each name left out to the name whose bytes are the same tensor."""

    views: Mapping[str, View]
    aliases: Mapping[str, str]


def untie(views: Mapping[str, View]) -> Untied:
    """Keep the first name, alphabetically, of each tensor, as `safetensors.torch.save_model` does."""
    first: dict[View, str] = {}
    kept: dict[str, View] = {}
    aliases: dict[str, str] = {}
    for name, view in sorted(views.items()):
        original = first.setdefault(view, name) if math.prod(view.shape) else name
        if original == name:
            kept[name] = view
        else:
            aliases[name] = original
    return Untied(kept, aliases)


def torch_tensors(views: Mapping[str, View], extents: Mapping[str, Extent], descriptor: int) -> list[Tensor]:
    """Tensors that read from the open file.  Raises FormatError for a view that leaves its storage."""
    total = sum(_nbytes(view) for view in views.values())
    if total > _GROWTH_ALLOWED + _MOST_GROWTH * os.fstat(descriptor).st_size:
        raise FormatError(f"repeats its values so often that they would take {total} bytes in safetensors")
    return [_tensor(name, view, extents[view.storage.key], descriptor) for name, view in views.items()]


def _tensor(name: str, view: View, extent: Extent, descriptor: int) -> Tensor:
    item = ITEM_BYTES[view.code]
    if _end(view) * item > extent.length or view.offset * item > extent.length:
        raise FormatError(f"the tensor '{escape(name[:60])}' reaches beyond its storage")
    begin = extent.begin + view.offset * item
    pieces = _contiguous if _is_contiguous(view) else _strided
    return Tensor(name, view.code, view.shape, partial(pieces, view, begin, descriptor))


def _contiguous(view: View, begin: int, descriptor: int) -> Iterator[bytes]:
    end = begin + _nbytes(view)
    while begin < end:
        piece = os.pread(descriptor, min(PIECE, end - begin), begin)
        if not piece:
            raise FormatError("was cut off while it was read")
        begin += len(piece)
        yield piece


def _strided(view: View, begin: int, descriptor: int) -> Iterator[memoryview]:
    """Row-major bytes of a view with gaps, other order or repetition.  Holds what the view spans of its storage."""
    numpy = require("numpy")
    item = ITEM_BYTES[view.code]
    length = (_end(view) - view.offset) * item
    span = bytearray()
    while len(span) < length:
        piece = os.pread(descriptor, min(PIECE, length - len(span)), begin + len(span))
        if not piece:
            raise FormatError("was cut off while it was read")
        span += piece
    flat = numpy.frombuffer(span, dtype=f"V{item}")
    strides = tuple(step * item for step in view.stride)
    strided = numpy.lib.stride_tricks.as_strided(flat, view.shape, strides, writeable=False)
    for part in _parts(strided, item):
        yield memoryview(numpy.ascontiguousarray(part)).cast("B")


def _parts(array: np.ndarray, item: int) -> Iterator[np.ndarray]:
    """The array in row-major order, in parts of a bounded size."""
    if array.size * item <= PIECE:
        yield array
        return
    rows = max(1, PIECE * len(array) // (array.size * item))
    for start in range(0, len(array), rows):
        part = array[start : start + rows]
        if len(part) == 1:
            yield from _parts(part[0], item)
        else:
            yield part


def _nbytes(view: View) -> int:
    return ITEM_BYTES[view.code] * math.prod(view.shape)


def _end(view: View) -> int:
    """The element after the last one that the view touches."""
    if not math.prod(view.shape):
        return view.offset
    pairs = zip(view.shape, view.stride, strict=True)
    return view.offset + sum((extent - 1) * step for extent, step in pairs) + 1


def _is_contiguous(view: View) -> bool:
    expected = 1
    for extent, step in zip(reversed(view.shape), reversed(view.stride), strict=True):
        if extent != 1 and step != expected:
            return not math.prod(view.shape)
        expected *= extent
    return True
