"""Converting one file to a safe format: the target appears whole and compared, or not at all.  Needs no registry."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gitreg.core.artifact_path import TEMP_DIRECTORY
from gitreg.core.text import escape
from gitreg.errors import (
    FormatError,
    NotFoundError,
    RefusedError,
    SourceError,
    StorageError,
    UsageError,
    VerificationError,
)
from gitreg.gates.scan.looks import scan_paths
from gitreg.operations.context import Settings
from gitreg.serializers.convert.convert import (
    Converted,
    SourceFormat,
    Wish,
    convert,
    refuse_options,
    source_format,
)
from gitreg.storage.destination import Destination
from gitreg.storage.partial import open_area
from gitreg.storage.pending import sync


@dataclass(frozen=True, slots=True)
class ConvertRequest:
    """`part`: one entry of a torch checkpoint.  `sample`: rows, as .npy, that a scikit-learn model predicts on."""

    source: Path
    target: Path
    part: str | None = None
    sample: Path | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class ConvertResult:
    """`size`: the target's, in bytes.  `tensors`: 0 for a scikit-learn model.  `aliases`: names that share a tensor."""

    source: str
    source_format: str
    target: str
    size: int
    tensors: int
    aliases: Mapping[str, str]
    notes: tuple[str, ...]


def convert_file(request: ConvertRequest, settings: Settings) -> ConvertResult:
    """Write the target, or refuse with the reason.  The source is only read, and nothing that it names is run.

    Raises:
        FormatError: it cannot be converted safely; the message says why.
        RefusedError: the target is there already.
        MissingDependencyError: an optional package is needed.
    """
    _check_places(request)
    settings.progress.start(f"convert {request.source.name}")
    try:
        return _convert(request, settings)
    except FormatError as error:
        raise FormatError(f"{_shown(request.source)} {error.message}", hint=error.hint) from error
    except OSError as error:
        reason = escape(error.strerror or str(error))
        raise StorageError(f"cannot convert {_shown(request.source)}: {reason}", hint="nothing was written") from None
    finally:
        settings.progress.finish()


def _convert(request: ConvertRequest, settings: Settings) -> ConvertResult:
    wish = Wish(request.source, request.part, request.sample)
    kind = source_format(request.source)
    refuse_options(wish, kind)
    if request.target.suffix != kind.target_suffix:
        raise UsageError(
            f"{kind.value} is converted to {kind.target_suffix}", hint=f"such as {_renamed(request, kind)}"
        )
    request.target.parent.mkdir(parents=True, exist_ok=True)
    with _folder_beside(request.target) as folder:
        converted = convert(wish, kind, folder, settings.progress.update)
        _check_safe(converted.path)
        _make_durable(converted.path)
        _refuse_existing(request)
        converted.path.replace(request.target)
    sync(request.target.parent)
    return _result(request, kind, converted)


@contextmanager
def _folder_beside(target: Path) -> Iterator[Path]:
    """A folder on the target's file system that is gone afterwards; those of conversions that were killed go now."""
    with Destination(target.parent.resolve()) as parent, closing(open_area(parent.descriptor)) as area:
        yield target.parent / TEMP_DIRECTORY / area.name


def _result(request: ConvertRequest, kind: SourceFormat, converted: Converted) -> ConvertResult:
    return ConvertResult(
        source=str(request.source),
        source_format=kind.value,
        target=str(request.target),
        size=request.target.stat().st_size,
        tensors=converted.tensors,
        aliases=converted.aliases,
        notes=converted.notes,
    )


def _check_places(request: ConvertRequest) -> None:
    if not request.source.exists():
        raise NotFoundError(f"there is no file {_shown(request.source)}")
    if not request.source.is_file():
        raise SourceError(f"{_shown(request.source)} is not a file", hint="convert takes one file at a time")
    if request.target.exists() and request.target.samefile(request.source):
        raise UsageError("the source and the target are the same file")
    _refuse_existing(request)


def _refuse_existing(request: ConvertRequest) -> None:
    if request.target.is_dir():
        raise UsageError(f"{_shown(request.target)} is a folder", hint="name the file to write")
    if os.path.lexists(request.target) and not request.force:
        raise RefusedError(f"{_shown(request.target)} is there already", hint="--force replaces it")


def _check_safe(path: Path) -> None:
    """Whatever wrote it, the target is looked at as if it came from elsewhere."""
    for result in scan_paths([path], ()):
        if not result.safe:
            raise VerificationError(f"what was written is not safe to open: {result.findings[0].detail}")


def _make_durable(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _renamed(request: ConvertRequest, kind: SourceFormat) -> str:
    return escape(request.target.with_suffix(kind.target_suffix).name)


def _shown(path: Path) -> str:
    return escape(str(path))
