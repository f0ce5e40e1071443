"""`gitreg path`."""

from __future__ import annotations

import click

from gitreg.cli.lines import line
from gitreg.cli.opening import open_here
from gitreg.cli.options import jobs_option
from gitreg.cli.output import Output
from gitreg.cli.params import REF
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.core.reference import Reference
from gitreg.operations.path import path


@verb("path")
@click.argument("ref", type=REF)
@option("--paranoid", is_flag=True, help="Hash every byte again, however unchanged the files look.")
@jobs_option
@pass_output
def command(output: Output, ref: Reference, paranoid: bool) -> None:
    """Print a verified read-only checkout of a version.

    It lies in a cache that all repositories share, and is fetched if it is not there.
    """
    result = path(open_here(output), ref, paranoid=paranoid)
    output.data(result, lambda: [line(result.path)])
