"""`gitreg retention`."""

from __future__ import annotations

from collections.abc import Iterator

from gitreg.cli.figures import counted
from gitreg.cli.garbage_view import fate_lines
from gitreg.cli.lines import Line, line
from gitreg.cli.opening import open_here
from gitreg.cli.output import Output
from gitreg.cli.table import columns
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.core.retention import Then
from gitreg.operations.retention import RetentionPlan, plan_retention


@verb("retention")
@option("--explain", is_flag=True, help="Say for every version what becomes of its bytes, and why.")
@pass_output
def command(output: Output, explain: bool) -> None:
    """Show how long the bytes of versions stay, by the policy in force.

    Changes nothing; `gitreg gc --remote --force` carries it out.
    """
    plan = plan_retention(open_here(output))
    output.data(plan, lambda: [*map(line, plan.rules), *(_versions(plan) if explain else _counts(plan))])


def _versions(plan: RetentionPlan) -> list[Line]:
    return columns(list(fate_lines(plan.versions))) if plan.versions else []


def _counts(plan: RetentionPlan) -> Iterator[Line]:
    for then, deed in ((Then.ARCHIVE, "archived"), (Then.DELETE, "deleted")):
        if due := sum(each.then is then for each in plan.versions):
            yield line(f"To be {deed} now: {counted(due, 'version')}")
