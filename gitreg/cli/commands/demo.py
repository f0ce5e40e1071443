"""`gitreg demo`."""

from __future__ import annotations

from pathlib import Path

import click

from gitreg.cli.lines import dim, line, strong
from gitreg.cli.output import Output
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.demo.run import run_demo


@verb("demo")
@option("--keep", type=click.Path(path_type=Path), metavar="DIR", help="Leave everything in DIR, to look around.")
@pass_output
def command(output: Output, keep: Path | None) -> None:
    """Run the main job on real data, narrated.

    Trains a classifier of handwritten digits, registers it, brings it into production by two people's approvals,
    serves it, improves it, rolls back, and shows tampering refused.  Uses a throw-away folder, key and Git identity.
    """
    result = run_demo(lambda text: _tell(output, text), keep)
    place = f", left in {result.kept}" if result.kept else ""
    output.done(result, lambda: [line(f"{result.commands} commands in {result.seconds} s{place}")])


def _tell(output: Output, text: str) -> None:
    """The story is the result, unless somebody wants JSON."""
    spans = line(dim(text) if text.startswith("    ") else strong(text))
    if output.json:
        output.aside(spans)
    elif not output.quiet:
        output.lines([spans])
