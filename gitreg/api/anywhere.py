"""What needs no registry: making one, looking at a machine, and looking into and converting model files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gitreg.gates.scan.finding import ScanResult
from gitreg.operations import doctor as doctoring
from gitreg.operations.context import Settings
from gitreg.operations.convert import ConvertRequest, ConvertResult, convert_file
from gitreg.operations.init import InitRequest, InitResult
from gitreg.operations.init import init as make_registry
from gitreg.operations.scan import ScanRequest
from gitreg.operations.scan import scan as scan_files


def init(path: str | Path = ".", request: InitRequest | None = None, settings: Settings | None = None) -> InitResult:
    """Make the Git repository at `path` a registry.  Raises NotARegistryError, RefusedError, SigningError."""
    return make_registry(Path(path), request or InitRequest(), settings or Settings())


def doctor(path: str | Path = ".", settings: Settings | None = None) -> doctoring.DoctorResult:
    """Look at everything that a registry's user depends on."""
    return doctoring.doctor(Path(path), settings or Settings())


def scan(paths: Iterable[str | Path], profiles: Iterable[str] = ()) -> tuple[ScanResult, ...]:
    """Whether opening these files could run code; needs no registry.  Raises UsageError, SourceError."""
    return tuple(scan_files(ScanRequest(tuple(map(Path, paths)), tuple(profiles))))


def convert(
    source: str | Path,
    target: str | Path,
    *,
    part: str | None = None,
    sample: str | Path | None = None,
    force: bool = False,
) -> ConvertResult:
    """Write a model file that can run code as one that cannot; needs no registry.

    Raises FormatError with the reason why that cannot be done safely, RefusedError, UsageError.
    """
    rows = Path(sample) if sample is not None else None
    request = ConvertRequest(Path(source), Path(target), part, rows, force)
    return convert_file(request, Settings())
