"""`gitreg rollback`."""

from __future__ import annotations

import click

from gitreg.cli.events import report
from gitreg.cli.opening import open_here
from gitreg.cli.options import message_option, push_option
from gitreg.cli.output import Output
from gitreg.cli.params import MODEL, STAGE, VERSION
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.core.names import ModelName, StageName
from gitreg.core.version import Version
from gitreg.operations.rollback import rollback


@verb("rollback")
@click.argument("name", type=MODEL)
@click.argument("stage", type=STAGE)
@option("--to", type=VERSION, metavar="VERSION", help="Return to this one of the versions the stage held.")
@message_option
@push_option
@pass_output
def command(output: Output, name: ModelName, stage: StageName, to: Version | None, message: str, push: bool) -> None:
    """Return a stage to the version it held before.

    At once: no gates, no approvals, but signed by somebody the policy allows.
    """
    result = rollback(open_here(output), name, stage, to=to, message=message, push=push)
    report(output, result, f"what happened: gitreg history {name}")
