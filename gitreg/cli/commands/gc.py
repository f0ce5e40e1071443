"""`gitreg gc`."""

from __future__ import annotations

from datetime import timedelta

from gitreg.cli.figures import counted, size
from gitreg.cli.lines import Line, bad, dim, line, strong
from gitreg.cli.opening import open_here
from gitreg.cli.output import Output
from gitreg.cli.params import Parsed
from gitreg.cli.table import columns
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.operations.cache import parse_age
from gitreg.operations.garbage.gc import DEFAULT_GRACE, SHORT_GRACE, GcRequest, GcResult, gc

AGE = Parsed[timedelta]("age", parse_age)


@verb("gc")
@option("--grace", type=AGE, metavar="AGE", help="Leave alone what was used within AGE. Default: 14 days.")
@option("--pushed", is_flag=True, help="Also drop what the remote has, manifest and chunks.")
@option("--explain", is_flag=True, help="Say for everything that stays why.")
@option("--force", is_flag=True, help="Delete; without it, only what would go is said.")
@pass_output
def command(output: Output, grace: timedelta | None, pushed: bool, explain: bool, force: bool) -> int:
    """Remove objects of this clone that nothing needs any more.

    Needed is what a ref, reflog, index or working tree names, now or ever.  Exit 1 if that cannot be told.
    """
    if grace is not None and grace < SHORT_GRACE:
        output.note("with so short a grace, nothing else may be adding or fetching in this clone meanwhile")
    result = gc(open_here(output), GcRequest(DEFAULT_GRACE if grace is None else grace, pushed, force))
    output.data(result, lambda: _lines(result, explain=explain))
    if result.delete.objects and not result.deleted:
        output.advice("to delete them, say the same with --force")
    return 1 if result.blocked else 0


def _lines(result: GcResult, *, explain: bool) -> list[Line]:
    reasons = [line(strong(kept.ref), kept.reason, dim(kept.manifest)) for kept in result.keep] if explain else []
    blocked = [
        line(bad("refused" if each.what == "gc" else "not trimmed"), f"  {each.reason}") for each in result.blocked
    ]
    if any(each.what == "gc" for each in result.blocked):
        return blocked
    return [*(columns(reasons) if reasons else []), *blocked, line(*_summary(result))]


def _summary(result: GcResult) -> tuple[str, ...]:
    done = "Deleted" if result.deleted else "Would delete"
    also = (
        f", {counted(result.pushed.objects, 'object')} of them because the remote has them"
        if result.pushed.objects
        else ""
    )
    return (f"{done} {counted(result.delete.objects, 'object')}, {size(result.delete.bytes)}{also}",)
