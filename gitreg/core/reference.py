"""REF, how people point at a version: `mnist`, `mnist@v1.2.0`, `mnist#production`, `mnist@blake3:...`, a path."""

from __future__ import annotations

from typing import NamedTuple

from gitreg.core.digest import Digest
from gitreg.core.names import ModelName, StageName
from gitreg.core.text import escape
from gitreg.core.version import Version
from gitreg.errors import FormatError, UsageError

POINTER_SUFFIX = ".gitreg"
MAX_PATH = 4096


class Latest(NamedTuple):
    """The highest registered version of a model."""

    model: ModelName

    def __str__(self) -> str:
        return f"{self.model}@latest"


class AtVersion(NamedTuple):
    """One version."""

    model: ModelName
    version: Version

    def __str__(self) -> str:
        return f"{self.model}@{self.version}"


class AtStage(NamedTuple):
    """What a stage holds."""

    model: ModelName
    stage: StageName

    def __str__(self) -> str:
        return f"{self.model}#{self.stage}"


class AtManifest(NamedTuple):
    """The version whose artifact has this manifest."""

    model: ModelName
    manifest: Digest

    def __str__(self) -> str:
        return f"{self.model}@{self.manifest}"


class PointerPath(NamedTuple):
    """A pointer in the working tree: not signed by anybody."""

    path: str

    def __str__(self) -> str:
        return self.path


Reference = Latest | AtVersion | AtStage | AtManifest | PointerPath


def parse_reference(text: str) -> Reference:
    """Parse a REF.  Raises UsageError for anything else."""
    if text.endswith(POINTER_SUFFIX):
        return _path(text)
    if "#" in text:
        name, _, stage = text.partition("#")
        return AtStage(ModelName.parse(name), StageName.parse(stage))
    name, at, selector = text.partition("@")
    model = ModelName.parse(name)
    if not at or selector == "latest":
        return Latest(model)
    return _selected(model, selector)


def _path(text: str) -> PointerPath:
    """A name that a tag could not carry is refused before anything looks for the file."""
    if escape(text) != text or len(text) > MAX_PATH:
        raise UsageError(f"not a pointer's path: '{escape(text[:80])}'", hint="use printable characters only")
    return PointerPath(text)


def _selected(model: ModelName, selector: str) -> Reference:
    if selector.startswith("blake3:"):
        try:
            return AtManifest(model, Digest.parse(selector))
        except FormatError as error:
            raise UsageError(error.message, hint="a manifest is written blake3:<64 hex digits>") from None
    if selector[:1] == "v" and selector[1:2].isdigit():
        return AtVersion(model, Version.parse(selector))
    return AtStage(model, StageName.parse(selector))
