"""`gitreg push`."""

from __future__ import annotations

import click

from gitreg.cli.lines import Line, dim, line
from gitreg.cli.opening import open_here
from gitreg.cli.options import jobs_option
from gitreg.cli.output import Output
from gitreg.cli.transfers import transfer_lines
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.operations.push import PushResult, push


@verb("push")
@click.argument("remote", required=False)
@option("--objects-only", is_flag=True, help="Send the bytes, but neither branch nor tags.")
@jobs_option
@pass_output
def command(output: Output, remote: str | None, objects_only: bool) -> int:
    """Share objects, then the branch and tags.

    REMOTE is one of .gitreg/config.toml; without it, the default one.  Branch and tags arrive all, or none.
    """
    result = push(open_here(output), remote, objects_only=objects_only)
    output.done(result, lambda: _lines(result))
    return 1 if result.kept_back else 0


def _lines(result: PushResult) -> list[Line]:
    sent = [each for each in result.models if each.new_chunks]
    refs = [line("Pushed ", ref, dim(f" to {result.git_remote}")) for ref in result.refs]
    return [*transfer_lines("Pushed", sent), *refs] or [line("Everything is shared already")]
