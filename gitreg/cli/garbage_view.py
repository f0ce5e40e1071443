"""What a gc found, or did, for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitreg.cli.figures import counted, moment, size
from gitreg.cli.lines import Line, bad, dim, good, line, strong, warn
from gitreg.cli.table import columns
from gitreg.core.retention import Then
from gitreg.operations.garbage.gc import GcResult
from gitreg.operations.garbage.results import Amount, Kept
from gitreg.operations.garbage.shared import SharedGcResult
from gitreg.operations.retention import VersionFate


def local_lines(result: GcResult, *, explain: bool) -> list[Line]:
    """What stays, if that was asked for, and how much goes from the clone."""
    done = "Deleted" if result.deleted else "Would delete"
    also = f", {counted(result.pushed.objects, 'object')} of them because the remote has them"
    summary = f"{done} {_amount(result.delete)}{also if result.pushed.objects else ''}"
    return _report(result, [summary], explain=explain)


def shared_lines(result: SharedGcResult, *, explain: bool) -> list[Line]:
    """The same of a shared store, with what earlier gcs have left to do."""
    moved = "Removed" if result.deleted else "Would remove"
    summary = [f"{moved} {_amount(result.delete)} from {result.store}"]
    if result.freed.objects:
        freed = "Deleted for good" if result.deleted else "Would delete for good"
        summary.append(f"{freed} {_amount(result.freed)} that earlier gcs had moved aside")
    if result.restored.objects:
        summary.append(f"Put back {_amount(result.restored)} that something needs by now")
    fates = columns(list(fate_lines(result.versions))) if explain and result.versions else []
    return [*fates, *_report(result, summary, explain=explain)]


def fate_lines(versions: Iterable[VersionFate]) -> Iterator[Line]:
    """A line for each version: what becomes of its bytes, and why."""
    looks = {Then.KEEP: good, Then.ARCHIVE: warn, Then.DELETE: bad}
    for each in versions:
        until = f", until {moment(each.until)}" if each.until else ""
        yield line(strong(each.version), looks[each.then](each.then.value), f"{each.reason}{until}")


def _report(result: GcResult | SharedGcResult, summary: list[str], *, explain: bool) -> list[Line]:
    refused = any(each.what == "gc" for each in result.blocked)
    blocked = [
        line(bad("refused" if each.what == "gc" else f"not {_PARTS[each.what]}"), f"  {each.reason}")
        for each in result.blocked
    ]
    return blocked if refused else [*(_kept(result.keep) if explain else ()), *blocked, *map(line, summary)]


_PARTS = {"pushed": "trimmed", "retention": "released", "archive": "archived"}


def _kept(keep: Iterable[Kept]) -> list[Line]:
    reasons = [line(strong(kept.ref), kept.reason, dim(kept.manifest)) for kept in keep]
    return columns(reasons) if reasons else []


def _amount(amount: Amount) -> str:
    return f"{counted(amount.objects, 'object')}, {size(amount.bytes)}"
