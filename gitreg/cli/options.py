"""Options that several verbs have."""

from __future__ import annotations

import click

from gitreg.cli.output import Output
from gitreg.cli.verb import option


def _set_jobs(context: click.Context, _param: click.Parameter, value: int | None) -> None:
    context.ensure_object(Output).jobs = value


jobs_option = option(
    "--jobs",
    type=click.IntRange(1, 256),
    envvar="GITREG_JOBS",
    metavar="N",
    expose_value=False,
    callback=_set_jobs,
    help="Requests to the remote's service side by side, 16 if not said.",
)
message_option = option("-m", "--message", default="", metavar="TEXT", help="Why; it is signed with the event.")
push_option = option("--push", is_flag=True, help="Share it at once, objects first.")
