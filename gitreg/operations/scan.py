"""Scanning files for code that opening them would run.  Needs no registry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gitreg.core.text import escape
from gitreg.errors import SourceError, UsageError
from gitreg.gates.scan.finding import ScanResult
from gitreg.gates.scan.looks import scan_paths
from gitreg.gates.scan.profiles.table import DEFAULT, PROFILES


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """`profiles`: whose pickles are allowed; none stands for the usual ones."""

    paths: tuple[Path, ...]
    profiles: tuple[str, ...] = ()


def scan(request: ScanRequest) -> Iterator[ScanResult]:
    """One result per file, as they are ready; directories are gone through.

    Raises:
        UsageError: a profile that does not exist.
        SourceError: a path that cannot be read.
    """
    for profile in request.profiles:
        if profile not in PROFILES:
            raise UsageError(f"there is no profile {escape(profile)}", hint=f"there are {', '.join(PROFILES)}")
    try:
        yield from scan_paths(request.paths, request.profiles or DEFAULT)
    except OSError as error:
        raise SourceError(f"cannot read {escape(str(error.filename))}: {error.strerror}") from None
