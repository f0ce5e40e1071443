"""`gitreg reject`."""

from __future__ import annotations

import click

from gitreg.cli.decisions import cause_of, file_option, rollback_option, way_of
from gitreg.cli.lines import Line, bad, dim, good, line, strong
from gitreg.cli.opening import open_here
from gitreg.cli.options import push_option
from gitreg.cli.output import Output
from gitreg.cli.params import REF, STAGE
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.core.names import StageName
from gitreg.core.reference import Reference
from gitreg.errors import UsageError
from gitreg.operations.decisions.approve import Way
from gitreg.operations.decisions.reject import RejectResult, reject
from gitreg.operations.decisions.reject import withdraw as withdraw_rejection


@verb("reject")
@click.argument("ref", type=REF)
@click.argument("stage", type=STAGE)
@option("-m", "--message", default="", metavar="WHY", help="Why; it is signed, and needed unless you withdraw.")
@option("--withdraw", is_flag=True, help="Take your own rejection back.")
@rollback_option
@push_option
@file_option
@pass_output
def command(
    output: Output, ref: Reference, stage: StageName, message: str, withdraw: bool, rollback: bool, push: bool,
    file: bool,
) -> None:  # fmt: skip
    """Sign your no to one promotion.

    It blocks exactly the next event of STAGE with exactly this version, until you withdraw it.
    """
    if message and withdraw:
        raise UsageError("a withdrawal carries no message", hint="leave out -m or --withdraw")
    context, cause, way = open_here(output), cause_of(rollback), way_of(push, file)
    if withdraw:
        result = withdraw_rejection(context, ref, stage, cause, way=way)
    else:
        result = reject(context, ref, stage, cause, why=message, way=way)
    output.done(result, lambda: [_line(result)])
    if way is Way.FILE:
        output.advice("it counts once others have it: git add .gitreg/approvals, git commit, and a pull request")
    elif way is Way.REF:
        output.advice("signed here only; share it: gitreg push")


def _line(result: RejectResult) -> Line:
    word = good("No longer rejected ") if result.withdrawn else bad("Rejected ")
    what = strong(f"{result.model}@{result.version}")
    return line(word, what, f" for {result.action.value} in {result.stage}: {result.why}", dim(f"  by {result.by}"))
