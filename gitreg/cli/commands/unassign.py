"""`gitreg unassign`."""

from __future__ import annotations

import click

from gitreg.cli.events import report
from gitreg.cli.opening import open_here
from gitreg.cli.options import message_option, push_option
from gitreg.cli.output import Output
from gitreg.cli.params import MODEL, STAGE
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import pass_output
from gitreg.core.names import ModelName, StageName
from gitreg.operations.retire import unassign


@verb("unassign")
@click.argument("name", type=MODEL)
@click.argument("stage", type=STAGE)
@message_option
@push_option
@pass_output
def command(output: Output, name: ModelName, stage: StageName, message: str, push: bool) -> None:
    """Empty a stage.

    The version stays registered; the stage holds nothing until the next promotion.
    """
    result = unassign(open_here(output), name, stage, message, push=push)
    report(output, result, f"what happened: gitreg history {name}")
