"""`gitreg pull`."""

from __future__ import annotations

from pathlib import Path

import click

from gitreg.cli.figures import counted, seconds, size
from gitreg.cli.lines import Line, bad, dim, good, line, strong
from gitreg.cli.opening import open_here
from gitreg.cli.options import jobs_option
from gitreg.cli.output import Output
from gitreg.cli.params import FOLDER, REF
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.core.reference import Reference
from gitreg.operations.pull import PullRequest, PullResult, pull
from gitreg.storage.checkout import Existing


@verb("pull")
@click.argument("ref", type=REF)
@option("-o", "--output", "place", envvar="GITREG_PULL_OUTPUT", type=FOLDER,
        metavar="DIR", help="Where the files go, if not beside their pointer.")  # fmt: skip
@option("--files", multiple=True, metavar="GLOB", help="Only these files, such as '*.onnx'.")
@option("--force", is_flag=True, help="Replace files that differ.")
@jobs_option
@pass_output
def command(output: Output, ref: Reference, place: Path | None, files: tuple[str, ...], force: bool) -> None:
    """Get a version's files, verified.

    First the signatures, then every byte; a file appears whole and right, or not at all.
    """
    existing = Existing.REPLACE if force else Existing.REFUSE
    result = pull(open_here(output), ref, PullRequest(place, files, existing))
    output.done(result, lambda: [_line(result)])


def _line(result: PullResult) -> Line:
    label = f"{result.model}@{result.version}" if result.version else str(result.model)
    proof = good("verified") if result.verified else bad("signed by nobody")
    whole = f" to {result.path}  {counted(result.files, 'file')}, {size(result.size)}, "
    saved = f", {size(result.reused)} taken from older files" if result.reused else ""
    cost = dim(f"  {size(result.transferred)} fetched{saved}, in {seconds(result.seconds)}")
    return line("Pulled ", strong(label), whole, proof, cost)
