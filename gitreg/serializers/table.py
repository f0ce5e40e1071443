"""The open table of serializers: what is built in, and what installed packages add.  Knows no format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, cast

from gitreg.core.text import escape
from gitreg.errors import FormatError, NotFoundError
from gitreg.serializers.code import CodeSerializer
from gitreg.serializers.json_value import JsonSerializer
from gitreg.serializers.numpy_arrays import NumpySerializer
from gitreg.serializers.onnx_model import OnnxSerializer
from gitreg.serializers.serializer import Serializer
from gitreg.serializers.sklearn_models import SklearnSerializer
from gitreg.serializers.torch_state import TorchSerializer

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "gitreg.serializers"

_DATA: tuple[Serializer, ...] = (
    JsonSerializer(),
    NumpySerializer(),
    TorchSerializer(),
    SklearnSerializer(),
    OnnxSerializer(),
)
_CODE: Serializer = CodeSerializer()


def serializer_for(model: object) -> Serializer:
    """The first that matches: built in for data, then installed packages by name, then `code`, which takes all.

    A package adds one by an entry point in the group `gitreg.serializers`, named like the serializer, that points
    to a callable without arguments giving a `Serializer`.
    """
    for serializer in _DATA:
        if serializer.matches(model):
            return serializer
    for serializer in _installed():
        if serializer.matches(model):
            return serializer
    return _CODE


def serializer_named(name: str) -> Serializer:
    """Raises NotFoundError if neither built in nor installed."""
    for serializer in (*_DATA, _CODE):
        if serializer.name == name:
            return serializer
    for serializer in _installed(name):
        return serializer
    raise NotFoundError(f"no serializer is named {escape(name)}", hint="install the package that brings it")


def _installed(name: str | None = None) -> Iterator[Serializer]:
    # Imported here because it costs 40 ms, which the built-in kinds must not pay.
    from importlib.metadata import entry_points  # noqa: PLC0415

    for offer in sorted(entry_points(group=GROUP), key=lambda offer: (offer.name, offer.value)):
        if name is None or offer.name == name:
            yield _load(offer)


def _load(offer: EntryPoint) -> Serializer:
    # Skipping a broken one would hand its objects to `code` without a word.
    try:
        serializer = cast(Callable[[], Serializer], offer.load())()
    except Exception as error:
        raise FormatError(f"the serializer {escape(offer.name)} cannot be loaded: {escape(str(error))}") from error
    if serializer.name != offer.name:
        raise FormatError(f"the serializer {escape(offer.name)} calls itself {escape(serializer.name)}")
    return serializer
