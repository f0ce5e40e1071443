"""What a scan says: a verdict for each file and the findings behind it.  Knows no format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gitreg.core.text import escape

_LONGEST = 200


class Verdict(StrEnum):
    """`unknown` means that nobody can say from here, which is no permission to open the file."""

    SAFE = "safe"
    UNKNOWN = "unknown"
    UNSAFE = "unsafe"


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason against a file.

    `where`: the members on the way in and the offset in bytes, such as `archive/data.pkl at 37`; empty for the whole
    file.  `detail`: what is there.  `advice`: what to do about it.  All are single harmless lines.
    """

    rule: str
    verdict: Verdict
    where: str
    detail: str
    advice: str

    def __post_init__(self) -> None:
        for part in ("where", "detail", "advice"):
            object.__setattr__(self, part, shown(getattr(self, part), _LONGEST))


@dataclass(frozen=True, slots=True)
class ScanResult:
    """`format` is what the content is, whatever the name says."""

    path: str
    format: str
    verdict: Verdict
    findings: tuple[Finding, ...]

    @property
    def safe(self) -> bool:
        return self.verdict is Verdict.SAFE


def worst(findings: Iterable[Finding]) -> Verdict:
    """Of no findings, `safe`."""
    found = {finding.verdict for finding in findings}
    for verdict in (Verdict.UNSAFE, Verdict.UNKNOWN):
        if verdict in found:
            return verdict
    return Verdict.SAFE


def shown(text: str, longest: int = 80) -> str:
    """Text out of a file, fit to be part of a message."""
    escaped = escape(text[:longest])
    return escaped if len(text) <= longest and len(escaped) <= longest else escaped[: longest - 3] + "..."
