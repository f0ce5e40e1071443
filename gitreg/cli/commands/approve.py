"""`gitreg approve`."""

from __future__ import annotations

from datetime import timedelta

import click

from gitreg.cli.figures import moment
from gitreg.cli.lines import Line, dim, line, strong
from gitreg.cli.opening import open_here
from gitreg.cli.options import push_option
from gitreg.cli.output import Output
from gitreg.cli.params import REF, STAGE
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.core.names import StageName
from gitreg.core.reference import Reference
from gitreg.operations.approve import DEFAULT_AGE, ApproveResult, approve


@verb("approve")
@click.argument("ref", type=REF)
@click.argument("stage", type=STAGE)
@option(
    "--expires", type=click.IntRange(1, 365), default=DEFAULT_AGE.days, show_default=True, metavar="DAYS",
    help="Days after which the approval no longer counts.",
)  # fmt: skip
@push_option
@pass_output
def command(output: Output, ref: Reference, stage: StageName, expires: int, push: bool) -> None:
    """Sign your approval of one promotion.

    It covers exactly the next event of STAGE with exactly this version, and serves once.
    """
    result = approve(open_here(output), ref, stage, expires=timedelta(days=expires), push=push)
    output.done(result, lambda: [_line(result)])
    if not push:
        output.advice("signed here only; share it: gitreg push")
    elif result.approvals_so_far >= result.needed:
        output.advice(f"enough approvals: gitreg promote {result.model}@{result.version} {stage}")


def _line(result: ApproveResult) -> Line:
    until = f", until {moment(result.expires)}" if result.expires else ""
    count = f"  {result.approvals_so_far} of {result.needed} approvals"
    what = strong(f"{result.model}@{result.version}")
    return line("Approved ", what, " for ", strong(result.stage), count, dim(f" by {result.by}{until}"))
