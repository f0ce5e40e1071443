"""`gitreg promote`."""

from __future__ import annotations

import click

from gitreg.cli.events import gate_lines, report
from gitreg.cli.lines import Line, bad, good, line, strong
from gitreg.cli.opening import open_here
from gitreg.cli.options import message_option, push_option
from gitreg.cli.output import Output
from gitreg.cli.params import REF, STAGE
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.core.names import StageName
from gitreg.core.reference import Reference
from gitreg.operations import promote as promotion


@verb("promote")
@click.argument("ref", type=REF)
@click.argument("stage", type=STAGE)
@message_option
@push_option
@option("--dry-run", is_flag=True, help="Check everything, sign nothing; exit 1 if it would be refused.")
@pass_output
def command(output: Output, ref: Reference, stage: StageName, message: str, push: bool, dry_run: bool) -> int:
    """Bring a version into a stage.

    Runs the gates, gathers approvals, decides by the policy, and signs the stage's tag.
    """
    context = open_here(output)
    if dry_run:
        readiness = promotion.dry_run(context, ref, stage)
        output.data(readiness, lambda: _lines(readiness))
        return 0 if readiness.allowed else 1
    result = promotion.promote(context, ref, stage, message, push=push)
    report(output, result, f"get it anywhere: gitreg pull {result.model}#{stage}")
    return 0


def _lines(readiness: promotion.Readiness) -> list[Line]:
    label = strong(f"{readiness.model}@{readiness.version}")
    answer = good("may enter") if readiness.allowed else bad("may not enter")
    have, need = readiness.approvals.have, readiness.approvals.need
    by = f" ({', '.join(readiness.approvals.by)})" if readiness.approvals.by else ""
    return [
        line(label, " ", answer, " ", strong(readiness.stage)),
        *([line(f"approvals: {have} of {need}{by}")] if need else []),
        *gate_lines(readiness.gates),
        *(line(bad(failure.check), ": ", failure.reason) for failure in readiness.blocked),
    ]
