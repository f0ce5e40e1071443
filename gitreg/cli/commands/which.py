"""`gitreg which`."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from gitreg.cli.figures import ago
from gitreg.cli.lines import line, strong
from gitreg.cli.opening import open_here
from gitreg.cli.output import Output
from gitreg.cli.params import MODEL, STAGE, TIME
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.core.names import ModelName, StageName
from gitreg.operations.which import which


@verb("which")
@click.argument("name", type=MODEL)
@click.argument("stage", type=STAGE)
@option("--at", type=TIME, metavar="TIME", help="What it held then: 2026-03-01, or '30 days ago'.")
@pass_output
def command(output: Output, name: ModelName, stage: StageName, at: datetime | None) -> None:
    """Show the version a stage holds.

    Only what verifies is shown; a stage whose last event does not verify is an error.
    """
    result = which(open_here(output), name, stage, at)
    output.data(result, lambda: [line(strong(f"{result.model}@{result.version}"))])
    output.advice(f"{result.tag}, signed {ago(result.at, datetime.now(UTC))} by {result.by}")
