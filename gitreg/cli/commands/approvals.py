"""`gitreg approvals`."""

from __future__ import annotations

import click

from gitreg.cli.lines import Line, bad, dim, good, line, strong
from gitreg.cli.opening import open_here
from gitreg.cli.output import Output
from gitreg.cli.params import MODEL
from gitreg.cli.table import table
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import pass_output
from gitreg.core.names import ModelName
from gitreg.operations.decisions.waiting import WaitingRequest, waiting


@verb("approvals")
@click.argument("name", type=MODEL, required=False)
@pass_output
def command(output: Output, name: ModelName | None) -> None:
    """List what waits for approvals, and for whose.

    Versions that somebody has approved or rejected for a stage, and those that the stage before it holds.
    """
    found = waiting(open_here(output), name)
    output.data(found, lambda: table(("VERSION", "STAGE", "APPROVALS", "WAITS FOR"), [_row(each) for each in found]))
    if not found:
        output.advice("nothing waits for an approval here; gitreg fetch gets what others have asked for")


def _row(request: WaitingRequest) -> Line:
    have, need = request.approvals.have, request.approvals.need
    stage = f"{request.stage} ({request.action.value})" if request.action.value != "promote" else str(request.stage)
    by = f" ({', '.join(request.approvals.by)})" if request.approvals.by else ""
    return line(strong(f"{request.model}@{request.version}"), stage, f"{have} of {need}{by}", _waits_for(request))


def _waits_for(request: WaitingRequest) -> object:
    if request.rejections:
        return bad("rejected by " + "; ".join(f"{each.by}: {each.why}" for each in request.rejections))
    missing = request.approvals.need - request.approvals.have
    if missing <= 0:
        return good(f"gitreg {request.action.value}")
    return dim(f"{missing} of: {', '.join(request.could) or 'nobody who could'} ({', '.join(request.roles)})")
