"""`gitreg approve`."""

from __future__ import annotations

from datetime import timedelta

import click

from gitreg.cli.decisions import cause_of, file_option, rollback_option, stake_lines, way_of
from gitreg.cli.figures import moment
from gitreg.cli.lines import Line, dim, line, strong
from gitreg.cli.opening import open_here
from gitreg.cli.options import push_option
from gitreg.cli.output import Output
from gitreg.cli.params import REF, STAGE
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.core.event import Cause
from gitreg.core.names import StageName
from gitreg.core.reference import Reference
from gitreg.operations.decisions.approve import DEFAULT_AGE, ApprovalPreview, ApproveResult, Way, approve, preview


@verb("approve")
@click.argument("ref", type=REF)
@click.argument("stage", type=STAGE)
@option(
    "--expires", type=click.IntRange(1, 365), default=DEFAULT_AGE.days, show_default=True, metavar="DAYS",
    help="Days after which the approval no longer counts.",
)  # fmt: skip
@rollback_option
@push_option
@file_option
@option("--dry-run", is_flag=True, help="Show what would be signed, and sign nothing.")
@pass_output
def command(
    output: Output,
    ref: Reference,
    stage: StageName,
    expires: int,
    rollback: bool,
    push: bool,
    file: bool,
    dry_run: bool,
) -> None:  # fmt: skip
    """Sign your approval of one promotion.

    It covers exactly the next event of STAGE with exactly this version, and serves once.
    """
    context, cause, way = open_here(output), cause_of(rollback), way_of(push, file)
    age = timedelta(days=expires)
    if dry_run:
        shown = preview(context, ref, stage, cause, expires=age)
        output.data(shown, lambda: _preview_lines(shown))
        return
    result = approve(context, ref, stage, cause, expires=age, way=way)
    output.done(result, lambda: _lines(result))
    _advise(output, result, way)


def _advise(output: Output, result: ApproveResult, way: Way) -> None:
    promoter = "rollback" if result.action is Cause.ROLLBACK else "promote"
    if way is Way.FILE:
        output.advice(f"it counts once others have it: git add {result.ref}, git commit, and a pull request")
    elif way is Way.REF:
        output.advice("signed here only; share it: gitreg push")
    elif result.approvals_so_far >= result.needed:
        output.advice(f"enough approvals for: gitreg {promoter} of {result.model}@{result.version} in {result.stage}")


def _lines(result: ApproveResult) -> list[Line]:
    until = f", until {moment(result.expires)}" if result.expires else ""
    count = f"  {result.approvals_so_far} of {result.needed} approvals"
    where = f" for a rollback of {result.stage}" if result.action is Cause.ROLLBACK else f" for {result.stage}"
    what = strong(f"{result.model}@{result.version}")
    head = line("Approved ", what, where, count, dim(f" by {result.by}{until}"))
    return [head, *stake_lines(result.replaces, result.metrics)]


def _preview_lines(shown: ApprovalPreview) -> list[Line]:
    text = [line(each) for each in shown.request.rstrip("\n").split("\n")]
    return [*text, *stake_lines(shown.replaces, shown.metrics)]
