"""`gitreg deprecate`."""

from __future__ import annotations

import click

from gitreg.cli.events import report
from gitreg.cli.opening import open_here
from gitreg.cli.options import message_option, push_option
from gitreg.cli.output import Output
from gitreg.cli.params import MODEL
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import pass_output
from gitreg.core.names import ModelName
from gitreg.operations.retire import deprecate


@verb("deprecate")
@click.argument("name", type=MODEL)
@message_option
@push_option
@pass_output
def command(output: Output, name: ModelName, message: str, push: bool) -> None:
    """Tell people not to start using a model.

    Its versions stay where they are and can still be pulled.
    """
    result = deprecate(open_here(output), name, message, push=push)
    report(output, result, f"what happened: gitreg history {name}")
