"""Writing safetensors tensor by tensor, and comparing what was written with where it came from.

Format: https://github.com/huggingface/safetensors#format.  The reference library wants all tensors in memory at once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from gitreg.core.text import escape
from gitreg.errors import FormatError, VerificationError
from gitreg.serializers.convert.tensor import ITEM_BYTES, Tensor

WRITTEN = "model.safetensors"
_LONGEST_HEADER = 100_000_000  # the reference implementation's own limit
_RESERVED = "__metadata__"

Advance = Callable[[int], None]
OnProgress = Callable[[int, int], None]


def write_compared(path: Path, tensors: Sequence[Tensor], metadata: Mapping[str, str], progress: OnProgress) -> None:
    """A new file, on the disk, and compared: twice the bytes, as far as progress goes.

    Raises FormatError and VerificationError, as writing and comparing do.
    """
    total = 2 * sum(tensor.nbytes for tensor in tensors)
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress(done, total)

    with path.open("x+b") as stream:
        ordered = write_tensors(stream, tensors, metadata, advance)
        stream.flush()
        os.fsync(stream.fileno())
        compare_tensors(stream, ordered, advance)


def write_tensors(
    stream: BinaryIO, tensors: Sequence[Tensor], metadata: Mapping[str, str], advance: Advance
) -> tuple[Tensor, ...]:
    """Write the whole file; gives the tensors back in the order of their bytes.  `advance` is told bytes written.

    Raises:
        FormatError: a tensor whose source is not as long as its shape says, or more names than the format allows.
    """
    ordered = tuple(sorted(tensors, key=lambda tensor: (-ITEM_BYTES[tensor.code], tensor.name)))
    stream.write(_header(ordered, metadata))
    for tensor in ordered:
        written = 0
        for piece in tensor.pieces():
            written += stream.write(piece)
            advance(len(piece))
        if written != tensor.nbytes:
            raise FormatError(f"tensor '{_shown(tensor)}' has {written} bytes, its shape needs {tensor.nbytes}")
    return ordered


def compare_tensors(stream: BinaryIO, tensors: Sequence[Tensor], advance: Advance) -> None:
    """Read the file back and compare every byte with its source, read anew.

    Raises:
        VerificationError: naming the first tensor that differs.
    """
    stream.seek(0)
    length = int.from_bytes(stream.read(8), "little")
    table = json.loads(stream.read(length))
    table.pop(_RESERVED, None)
    if set(table) != {tensor.name for tensor in tensors}:
        raise VerificationError("the file read back does not hold the tensors that were written")
    for tensor in tensors:
        entry = table[tensor.name]
        begin, end = entry["data_offsets"]
        described = entry["dtype"] == tensor.code and tuple(entry["shape"]) == tensor.shape
        if not described or end - begin != tensor.nbytes or not _same(stream, 8 + length + begin, tensor, advance):
            raise VerificationError(f"tensor '{_shown(tensor)}' is not what its source holds, read again")
    if stream.seek(0, 2) != 8 + length + sum(tensor.nbytes for tensor in tensors):
        raise VerificationError("the file read back has another length")


def _same(stream: BinaryIO, begin: int, tensor: Tensor, advance: Advance) -> bool:
    stream.seek(begin)
    total = 0
    for piece in tensor.pieces():
        if stream.read(len(piece)) != piece:
            return False
        total += len(piece)
        advance(len(piece))
    return total == tensor.nbytes


def _header(tensors: Sequence[Tensor], metadata: Mapping[str, str]) -> bytes:
    table: dict[str, object] = {_RESERVED: dict(sorted(metadata.items()))} if metadata else {}
    offset = 0
    for tensor in tensors:
        if tensor.name in table or tensor.name == _RESERVED:
            raise FormatError(f"two tensors would be named '{_shown(tensor)}'")
        end = offset + tensor.nbytes
        table[tensor.name] = {"dtype": tensor.code, "shape": list(tensor.shape), "data_offsets": [offset, end]}
        offset = end
    text = _text(table)
    text += b" " * (-len(text) % 8)
    if len(text) > _LONGEST_HEADER:
        raise FormatError("the names and shapes are longer than the 100 MB that safetensors allows")
    return len(text).to_bytes(8, "little") + text


def _text(table: Mapping[str, object]) -> bytes:
    try:
        return json.dumps(table, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise FormatError("a name is not Unicode") from None


def _shown(tensor: Tensor) -> str:
    return escape(tensor.name[:60])
