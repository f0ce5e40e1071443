"""Looking at one file: what it is, by its content, and whether opening it could run code.

Each look is asked whether a part is of its format; it adds findings, and hands what it finds inside back to be looked
at in turn.  A part may be of two formats at once, which is how files are made that readers take differently: all
looks of a group are asked, and those of the next group if none of them knew the part.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from gitreg.errors import FormatError
from gitreg.gates.scan.budget import Limits, Meter, TooMuchError
from gitreg.gates.scan.finding import Finding, ScanResult, Verdict, shown, worst
from gitreg.gates.scan.part import Part
from gitreg.gates.scan.profiles.profile import AllowList

DATA_ONLY = "ask for safetensors, ONNX or skops, which hold data only"
_MOST_FINDINGS = 200

Look = Callable[[Part, "Scan"], str | None]
Looks = tuple[tuple[Look, ...], ...]


@dataclass(slots=True)
class Scan:
    """What the looks at one file share.  Mutable: findings and costs add up."""

    allowed: AllowList
    looks: Looks
    meter: Meter = field(default_factory=Meter)
    findings: list[Finding] = field(default_factory=list)

    def inside(self, part: Part) -> str:
        """The part's format.  What none of the looks knows is `unknown`, which is a finding."""
        if part.depth > self.meter.limits.depth:
            raise TooMuchError("is packed too many times over")
        for group in self.looks:
            if formats := [name for look in group if (name := look(part, self)) is not None]:
                return self._one_of(part, formats)
        self.unknown(part, "unknown-format", "is of no format known here, so that nobody has looked at it")
        return "unknown"

    def _one_of(self, part: Part, formats: list[str]) -> str:
        """A pickle of protocol 0 is text; what either of them could do was looked for by both."""
        if len(formats) > 1 and formats != ["pickle", "text"]:
            self.unknown(part, "ambiguous", f"is {' and '.join(formats)} at once, and readers choose differently")
        return formats[0]

    def unsafe(self, part: Part, rule: str, detail: str, advice: str = DATA_ONLY) -> None:
        self.add(Finding(rule, Verdict.UNSAFE, part.where, detail, f"do not open it; {advice}"))

    def unknown(self, part: Part, rule: str, detail: str, advice: str = DATA_ONLY) -> None:
        self.add(Finding(rule, Verdict.UNKNOWN, part.where, detail, advice))

    def add(self, finding: Finding) -> None:
        """What is unsafe is never left out, however many findings came before it."""
        if finding not in self.findings and (len(self.findings) < _MOST_FINDINGS or self._first_unsafe(finding)):
            self.findings.append(finding)

    def _first_unsafe(self, finding: Finding) -> bool:
        return finding.verdict is Verdict.UNSAFE and worst(self.findings) is not Verdict.UNSAFE


def scan_file(path: Path, allowed: AllowList, looks: Looks, limits: Limits | None = None) -> ScanResult:
    """The result for one file.  Never raises for what a file holds; OSError for one that cannot be read."""
    scan = Scan(allowed, looks, Meter(limits or Limits()))
    status = path.lstat()
    whole = Part("", path.name, status.st_size, 0, lambda: path.open("rb"), partial(_beside, path))
    if stat.S_ISREG(status.st_mode):
        form = _looked_at(whole, scan)
    else:
        form = "none"
        scan.unknown(whole, "not-a-file", "is no regular file", "scan what it leads to")
    findings = tuple(scan.findings)
    return ScanResult(shown(os.fspath(path), 4096), form, worst(findings), findings)


def _beside(path: Path, name: str) -> Part | None:
    """Links are not followed: they could lead to a description of somebody else's file."""
    other = path.with_name(name)
    try:
        status = other.lstat()
    except OSError:
        return None
    return Part("", name, status.st_size, 0, lambda: other.open("rb")) if stat.S_ISREG(status.st_mode) else None


def _looked_at(whole: Part, scan: Scan) -> str:
    if not whole.size:
        return "empty"
    try:
        return scan.inside(whole)
    except TooMuchError as error:
        scan.unknown(whole, "budget", f"{error}, more than is looked at")
    except FormatError as error:
        scan.unknown(whole, "malformed", error.message)
    except (ValueError, RecursionError, MemoryError) as error:
        scan.unknown(whole, "malformed", f"cannot be read: {shown(str(error)) or type(error).__name__}")
    return "unknown"
