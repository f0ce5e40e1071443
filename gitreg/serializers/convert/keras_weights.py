"""Keras v3 archives: the weights in model.weights.h5 by their paths.  The architecture stays behind in config.json."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitreg.core.text import escape
from gitreg.errors import FormatError
from gitreg.serializers.convert.tensor import PIECE, Tensor, numpy_code
from gitreg.serializers.convert.zip_members import members_of, opened_zip, read_small
from gitreg.serializers.optional import require

if TYPE_CHECKING:
    import numpy as np

_WEIGHTS = "model.weights.h5"
_CONFIG = "config.json"
_LONGEST_CONFIG = 64 << 20
_MOST_WEIGHTS = 1_000_000
_MOST_UNWRITTEN = 1 << 20  # bytes of a dataset that was made and never filled: its zeros are nowhere
_H5PY = "pip install 'gitreg[keras]'"


def is_keras(path: Path) -> bool:
    with opened_zip(path) as archive:
        return {_WEIGHTS, _CONFIG} <= set(archive.namelist())


@contextmanager
def keras_tensors(path: Path, folder: Path) -> Iterator[list[Tensor]]:
    """The weights, to be read while this is open; `folder` takes a temporary copy of the HDF5 file inside.

    Raises:
        FormatError: not a Keras v3 archive, or weights that lie in other files.
        MissingDependencyError: h5py is not installed.
    """
    h5py = require("h5py", hint=_H5PY)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".convert.", suffix=".h5") as copy:
        with opened_zip(path) as archive:
            members = members_of(archive)
            if _WEIGHTS not in members or _CONFIG not in members:
                raise FormatError("is no Keras v3 archive: it lacks config.json or model.weights.h5")
            _check_config(read_small(archive, members[_CONFIG], _LONGEST_CONFIG))
            with archive.open(members[_WEIGHTS]) as content:
                shutil.copyfileobj(content, copy, PIECE)
        copy.flush()
        try:
            with h5py.File(copy.name, "r") as file:
                yield list(_weights(h5py, file))
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            if isinstance(error, OSError) and error.errno is not None:  # the system's word; HDF5 has no numbers
                raise
            raise FormatError(f"its {_WEIGHTS} is not sound HDF5: {escape(str(error).splitlines()[0])}") from None


def _check_config(data: bytes) -> None:
    try:
        config = json.loads(data)
    except (ValueError, RecursionError):
        raise FormatError("its config.json is not JSON") from None
    if not isinstance(config, dict) or "class_name" not in config:
        raise FormatError("its config.json describes no model")


def _weights(h5py: Any, group: Any, prefix: str = "", depth: int = 0) -> Iterator[Tensor]:  # noqa: ANN401  h5py has no types
    """All datasets, depth first.  Links to other places are refused: they could name files of this machine."""
    if depth > 64:
        raise FormatError("nests its weights too deep")
    for count, name in enumerate(group):
        path = f"{prefix}/{name}" if prefix else str(name)
        if count > _MOST_WEIGHTS or not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise FormatError(f"'{escape(path[:100])}' is a link to another place")
        item = group[name]
        if isinstance(item, h5py.Group):
            yield from _weights(h5py, item, path, depth + 1)
        else:
            yield _tensor(h5py, item, path)


def _tensor(h5py: Any, dataset: Any, path: str) -> Tensor:  # noqa: ANN401
    if not isinstance(dataset, h5py.Dataset) or dataset.shape is None:
        raise FormatError(f"'{escape(path[:100])}' is no array")
    if dataset.external or dataset.is_virtual:
        raise FormatError(f"'{escape(path[:100])}' keeps its values in other files")
    stored = max(dataset.id.get_storage_size(), _MOST_UNWRITTEN)
    if dataset.nbytes > stored and not dataset.id.get_create_plist().get_nfilters():
        raise FormatError(f"'{escape(path[:100])}' claims more bytes than there are")
    code = numpy_code(dataset.dtype.str, path)
    return Tensor(path, code, tuple(int(extent) for extent in dataset.shape), partial(_pieces, dataset))


def _pieces(dataset: Any) -> Iterator[memoryview]:  # noqa: ANN401
    array: np.ndarray = dataset[()]
    flat = require("numpy").ascontiguousarray(array).reshape(-1)
    if flat.size:
        view = memoryview(flat.view("u1"))
        yield from (view[start : start + PIECE] for start in range(0, len(view), PIECE))
