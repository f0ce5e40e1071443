"""`gitreg deregister`."""

from __future__ import annotations

import click

from gitreg.cli.events import report
from gitreg.cli.opening import open_here
from gitreg.cli.options import message_option, push_option
from gitreg.cli.output import Output
from gitreg.cli.params import REF
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import pass_output
from gitreg.core.reference import AtVersion, Reference
from gitreg.errors import UsageError
from gitreg.operations.retire import deregister


@verb("deregister")
@click.argument("ref", type=REF)
@message_option
@push_option
@pass_output
def command(output: Output, ref: Reference, message: str, push: bool) -> None:
    """Withdraw a version.

    Its number is never used again.  Refused while a stage holds it.
    """
    if not isinstance(ref, AtVersion):
        raise UsageError(f"not one version: '{ref}'", hint="name it exactly: NAME@v1.2.0")
    result = deregister(open_here(output), ref.model, ref.version, message, push=push)
    report(output, result, f"what happened: gitreg history {ref.model}")
