"""A pickled scikit-learn model to skops: loaded within reviewed names, saved, loaded again, and made to predict."""

from __future__ import annotations

import bz2
import gzip
import lzma
import warnings
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitreg.core.text import escape
from gitreg.errors import FormatError, GitregError, VerificationError
from gitreg.serializers.convert.sklearn_names import sklearn_names
from gitreg.serializers.convert.sklearn_unpickler import ReviewedUnpickler
from gitreg.serializers.optional import require, type_name
from gitreg.serializers.sklearn_models import SklearnSerializer

if TYPE_CHECKING:
    import numpy as np

_LONGEST = 2 << 30
_ROWS = 64
_MOST_FEATURES = 1_000_000
_METHODS = ("predict", "predict_proba", "decision_function", "transform")
_SAMPLE = "give rows that the model takes: --sample FILE.npy"


def load_reviewed(path: Path) -> tuple[object, tuple[str, ...]]:
    """The estimator, and what scikit-learn warned of.  Raises FormatError, before anything unknown happens."""
    names = sklearn_names()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            model = ReviewedUnpickler(BytesIO(_content(path)), names).load()
        except GitregError:
            raise
        except Exception as error:
            # Numbers of a hostile file in scikit-learn's own code: anything can come out of it.
            raise FormatError(f"does not load as a scikit-learn model: {_reason(error)}") from error
    if not isinstance(model, require("sklearn.base").BaseEstimator):
        raise FormatError(f"holds no scikit-learn estimator but {escape(type_name(model))}")
    return model, tuple(sorted({_first_line(str(each.message)) for each in heard}))


def save_compared(model: object, folder: Path, sample: Path | None) -> Path:
    """Write one skops file into the empty folder, load it, and compare predictions.

    Raises:
        UsageError: skops cannot hold it.
        VerificationError: what was loaded again predicts otherwise.
    """
    serializer = SklearnSerializer()
    rows = _rows(model, sample)
    before = _predictions(model, rows)
    serializer.save(model, folder)
    after = _predictions(serializer.load(folder), rows)
    for method, expected in before.items():
        if not _same(expected, after.get(method)):
            raise VerificationError(f"what was written predicts otherwise than the source: {method} differs")
    (written,) = folder.iterdir()
    return written


def _rows(model: object, sample: Path | None) -> np.ndarray:
    numpy = require("numpy")
    if sample is not None:
        try:
            given: np.ndarray = numpy.load(sample, allow_pickle=False)
        except (ValueError, EOFError) as error:
            raise FormatError(f"cannot be tried: the sample is no plain array: {_first_line(str(error))}") from None
        return given
    features = getattr(model, "n_features_in_", None)
    if not isinstance(features, int) or not 0 < features <= _MOST_FEATURES:
        raise FormatError("does not say how many features it takes, so nothing can be predicted", hint=_SAMPLE)
    rows: np.ndarray = numpy.random.default_rng(0).standard_normal((_ROWS, features))
    return rows


def _predictions(model: object, rows: np.ndarray) -> Mapping[str, object]:
    methods = [method for method in _METHODS if hasattr(model, method)]
    if not methods:
        raise FormatError("has nothing to predict or transform with, so nothing can be compared")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return {method: _dense(getattr(model, method)(rows)) for method in methods}
        except Exception as error:
            raise FormatError(f"does not predict on the sample: {_reason(error)}", hint=_SAMPLE) from error


def _dense(result: Any) -> object:  # noqa: ANN401  arrays, sparse matrices, or lists of them
    return result.toarray() if hasattr(result, "toarray") else result


def _same(expected: object, found: object) -> bool:
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(_same, expected, found))
    numpy = require("numpy")
    one, other = numpy.asarray(expected), numpy.asarray(found)
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    return bool(numpy.array_equal(one, other, equal_nan=one.dtype.kind in "fc"))


def _reason(error: Exception) -> str:
    return _first_line(f"{type(error).__name__}: {error}")


def _first_line(text: str) -> str:
    return escape(text.strip().split("\n", 1)[0][:200])


def _content(path: Path) -> bytes:
    """The pickle's bytes, decompressed as joblib compresses: by content, whatever the name."""
    with path.open("rb") as file:
        head = file.read(6)
        file.seek(0)
        opener = next((opener for magic, opener in _OPENERS.items() if head.startswith(magic)), None)
        try:
            data: bytes = opener(file).read(_LONGEST + 1) if opener else file.read(_LONGEST + 1)
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            raise FormatError(f"is compressed, and damaged: {_reason(error)}") from None
    if len(data) > _LONGEST:
        raise FormatError(f"is longer than the {_LONGEST >> 30} GiB that are looked at")
    return data


class _ZlibFile:
    """joblib's own kind of compressed file: one zlib stream."""

    def __init__(self, file: Any) -> None:  # noqa: ANN401
        self._file = file

    def read(self, limit: int) -> bytes:
        return zlib.decompressobj().decompress(self._file.read(), limit)


_OPENERS: Mapping[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ": lzma.LZMAFile,
    b"\x5d\x00\x00": lzma.LZMAFile,
    b"\x78": _ZlibFile,
}
