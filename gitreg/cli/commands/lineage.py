"""`gitreg lineage`."""

from __future__ import annotations

import click

from gitreg.cli.graph import dot_lines, mermaid_lines, text_lines
from gitreg.cli.opening import open_here
from gitreg.cli.output import Output
from gitreg.cli.params import REF
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.core.reference import Reference
from gitreg.operations.lineage import lineage

_FORMATS = {"text": text_lines, "mermaid": mermaid_lines, "dot": dot_lines}


@verb("lineage")
@click.argument("ref", type=REF)
@option(
    "--format", "form", envvar="GITREG_LINEAGE_FORMAT", type=click.Choice([*_FORMATS, "json"]), default="text",
    show_default=True, help="json is what --json prints, mermaid is for Markdown, dot for Graphviz.",
)  # fmt: skip
@pass_output
def command(output: Output, ref: Reference, form: str) -> None:
    """Show what a version was made from, and what was made from it."""
    output.json |= form == "json"
    graph = lineage(open_here(output), ref)
    output.data(graph, lambda: _FORMATS[form](graph))
