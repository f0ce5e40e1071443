"""YAML that means the same to every reader: no tags, which make objects, and no aliases, which make bombs."""

from __future__ import annotations

from importlib import import_module
from typing import BinaryIO

from gitreg.errors import FormatError, MissingDependencyError
from gitreg.gates.formats.reading import read_at_most

_LONGEST = 1 << 20  # the parser takes seconds for a megabyte
_DEEPEST = 100


def check_yaml(stream: BinaryIO, size: int) -> None:  # noqa: ARG001  every parser is called alike
    """Walk the events of the parser; nothing is built.

    Raises:
        FormatError: not YAML, or more than plain tables, lists and scalars.
        MissingDependencyError: PyYAML is not installed.
    """
    try:
        yaml = import_module("yaml")
    except ImportError:
        hint = "pip install 'gitreg[models]'"
        raise MissingDependencyError("checking a YAML file needs the package PyYAML", hint=hint) from None
    data = read_at_most(stream, _LONGEST, "the file")
    if not data.strip():
        raise FormatError("the file is empty")
    depth = 0
    try:
        for event in yaml.parse(data.decode(), Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            _check_event(event, depth)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise FormatError(f"the file is not YAML: {str(error).splitlines()[0]}") from None


def _check_event(event: object, depth: int) -> None:
    if depth > _DEEPEST:
        raise FormatError("the file is nested too deep")
    if getattr(event, "anchor", None) is not None:
        raise FormatError("the file has anchors or aliases", hint="write out what they stand for")
    tag = getattr(event, "tag", None)
    if tag is not None:
        raise FormatError(f"the file has a tag: {tag[:60]!r}", hint="plain values need none")
