"""NumPy's .npy and .npz as tensors, one array in memory at a time.  Object arrays, which are pickles, are refused."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from gitreg.core.text import escape
from gitreg.errors import FormatError
from gitreg.serializers.convert.tensor import PIECE, Tensor, numpy_code
from gitreg.serializers.optional import require

if TYPE_CHECKING:
    import numpy as np

_SINGLE = "array"  # an .npy file names nothing
_SUFFIX = ".npy"

Load = Callable[[], "np.ndarray"]


def npy_tensors(path: Path) -> list[Tensor]:
    """The one array of an .npy file."""
    return [_tensor(_SINGLE, partial(_read_file, path), path.stat().st_size)]


@contextmanager
def npz_tensors(path: Path) -> Iterator[list[Tensor]]:
    """The arrays of an .npz file by their names; to be read while it is open.  Raises FormatError."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len({member.filename for member in members}) != len(members) or not members:
                raise FormatError("has no arrays, or two of one name")
            yield [_member(archive, member) for member in members]
    except zipfile.BadZipFile as error:
        raise FormatError(f"is not a sound zip archive: {escape(str(error))}") from None


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Tensor:
    if not member.filename.endswith(_SUFFIX):
        raise FormatError(f"has a member that is no array: '{escape(member.filename[:60])}'")
    name = member.filename.removesuffix(_SUFFIX)
    return _tensor(name, partial(_read_member, archive, member), member.file_size)


def _tensor(name: str, load: Load, most: int) -> Tensor:
    array = load()
    if array.nbytes > most:
        raise FormatError(f"'{escape(name[:60])}' claims more bytes than there are")
    return Tensor(name, numpy_code(array.dtype.str, name), array.shape, partial(_pieces, load))


def _pieces(load: Load) -> Iterator[memoryview]:
    flat = load().reshape(-1)  # row-major, whatever the order in the file
    if flat.size:
        view: memoryview = flat.view("u1").data
        yield from (view[start : start + PIECE] for start in range(0, len(view), PIECE))


def _read_file(path: Path) -> np.ndarray:
    with path.open("rb") as file:
        return _read(file, path.stat().st_size)


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as content:
        return _read(cast(BinaryIO, content), member.file_size)


def _read(file: BinaryIO, size: int) -> np.ndarray:
    numpy = require("numpy")
    try:
        array: np.ndarray = numpy.lib.format.read_array(file, allow_pickle=False)
        if file.read(1) or array.nbytes > size:
            raise FormatError("has bytes after its array")
    except (ValueError, EOFError, TypeError, MemoryError, OverflowError) as error:
        hint = "convert object arrays to numbers first" if "Object arrays" in str(error) else None
        raise FormatError(f"is no plain array: {escape(str(error).splitlines()[0])}", hint=hint) from None
    return array
