"""`gitreg fetch`."""

from __future__ import annotations

from gitreg.cli.lines import Line, bad, good, line
from gitreg.cli.opening import open_here
from gitreg.cli.options import jobs_option
from gitreg.cli.output import Output
from gitreg.cli.transfers import transfer_lines
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.operations.fetch import FetchResult, fetch


@verb("fetch")
@option("--objects", is_flag=True, help="Also get the bytes of what HEAD points to.")
@jobs_option
@pass_output
def command(output: Output, objects: bool) -> int:
    """Get what others shared, and verify it.

    Tags that do not verify are not let in; then the exit code is 1.
    """
    result = fetch(open_here(output), objects=objects)
    output.done(result, lambda: _lines(result))
    return 1 if result.refused else 0


def _lines(result: FetchResult) -> list[Line]:
    accepted = [line(good("new"), f"      {tag}") for tag in result.accepted]
    refused = [line(bad("refused"), f"  {each.ref}: {each.check}: {each.reason}") for each in result.refused]
    approvals = [line(good("new"), f"      approval for {each}") for each in result.approvals]
    fetched = [each for each in result.models if each.new_chunks]
    return [*accepted, *approvals, *refused, *transfer_lines("Fetched", fetched)] or [line("Nothing new")]
