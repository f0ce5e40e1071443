"""What `approve` and `reject` share: their options, and showing what is at stake."""

from __future__ import annotations

from collections.abc import Iterable

from gitreg.cli.figures import number
from gitreg.cli.lines import Line, dim, indented, line
from gitreg.cli.table import columns
from gitreg.cli.verb import option
from gitreg.core.event import Cause
from gitreg.core.version import Version
from gitreg.errors import UsageError
from gitreg.operations.decisions.approve import Way
from gitreg.operations.decisions.stake import MetricChange

rollback_option = option("--rollback", is_flag=True, help="Decide about a rollback to the version, not its promotion.")
file_option = option("--file", is_flag=True, help="Write a file to commit, for hosts that take no refs of gitreg's.")


def cause_of(rollback: bool) -> Cause:
    return Cause.ROLLBACK if rollback else Cause.PROMOTE


def way_of(push: bool, file: bool) -> Way:
    """How the decision shall travel.  Raises UsageError if it can't be both."""
    if push and file:
        raise UsageError("--push and --file are two ways to share it", hint="commit the file and push the branch")
    if push:
        return Way.PUSHED_REF
    return Way.FILE if file else Way.REF


def stake_lines(replaces: Version | None, metrics: Iterable[MetricChange]) -> list[Line]:
    """What would make room for it, and both versions' figures."""
    held = line(dim("replaces"), replaces or "nothing")
    return indented(columns([held, *(line(dim(each.name), _change(each)) for each in metrics)]))


def _change(metric: MetricChange) -> str:
    new = "-" if metric.new is None else number(metric.new)
    return new if metric.old is None else f"{number(metric.old)} -> {new}"
