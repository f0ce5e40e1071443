"""Is this part a pickle, or several in a row, and may what they do be done?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitreg.gates.scan.budget import TooMuchError
from gitreg.gates.scan.finding import Finding, Verdict
from gitreg.gates.scan.pickles.judge import ASK
from gitreg.gates.scan.pickles.reading import Reading
from gitreg.gates.scan.profiles.numpy import WRAPPERS

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan


def look_at_pickle(part: Part, scan: Scan) -> str | None:
    """Read as `pickle.load` does; where joblib would read arrays in between, also as joblib does."""
    reading = _read(Reading(part, scan))
    if not reading.is_pickle:
        return None
    _report(reading)
    if not any(run.judge.names & WRAPPERS for run in reading.runs):
        return _ended(reading)
    by_joblib = _read(Reading(part, scan, raw_arrays=True))
    _report(by_joblib)
    _ended(by_joblib)
    return "joblib"


def look_at_head(part: Part, scan: Scan, count: int) -> None:
    """Only report what a load of the first bytes would do; data is nothing to report.

    For members that their format's own reader never unpickles.
    """
    size = count if part.size is None else min(count, part.size)
    reading = _read(Reading(part.beginning(size), scan))
    if reading.runs[0].acts:
        _report(reading)


def _read(reading: Reading) -> Reading:
    """What was seen before the budget ended is said, too."""
    try:
        reading.read()
    except TooMuchError:
        _report(reading)
        raise
    return reading


def _report(reading: Reading) -> None:
    for number, run in enumerate(reading.runs):
        if number == 0 or run.is_pickle:
            for finding in run.judge.findings:
                reading.scan.add(finding)


def _ended(reading: Reading) -> str:
    if reading.legacy_torch:
        return "torch (before 1.6)"
    last = reading.runs[-1]
    if last.broken and len(reading.runs) == 1:
        _add(reading, "pickle-malformed", f"is a pickle that {last.broken}")
    elif last.broken:
        _add(reading, "trailing-data", "goes on after the pickle, with something else")
    return "pickle"


def _add(reading: Reading, rule: str, detail: str) -> None:
    reading.scan.add(Finding(rule, Verdict.UNKNOWN, reading.part.at(reading.end), detail, ASK))
