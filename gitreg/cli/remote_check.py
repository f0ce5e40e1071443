"""`gitreg remote check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from gitreg.cli.figures import seconds
from gitreg.cli.lines import Line, Span, bad, dim, good, line, strong, warn
from gitreg.cli.opening import open_here
from gitreg.cli.output import Output
from gitreg.cli.table import columns
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import pass_output
from gitreg.operations.remote_check import check_remote

if TYPE_CHECKING:
    from gitreg.operations.remote_check import Attempt, RemoteCheck

_PURPOSES: Final = {
    "read": "read objects",
    "list": "list objects",
    "write": "write objects",
    "look": "read back what was written",
    "copy": "copy objects (gc --remote)",
    "delete": "delete objects (gc --remote)",
    "open": "open what is encrypted",
    "vouch": "find a key to encrypt with that an admin vouches for",
}


@verb("check")
@click.argument("name", required=False)
@pass_output
def check(output: Output, name: str | None) -> int:
    """Try what a remote allows, with a small object that is deleted again.

    Exit 1 if pull could not work, or push for another reason than that you may only read.
    """
    result = check_remote(open_here(output), name)
    output.data(result, lambda: _lines(result))
    for problem in {attempt.hint for attempt in result.attempts if attempt.problem and attempt.hint}:
        output.advice(problem)
    return 0 if result.ok else 1


def _lines(result: RemoteCheck) -> list[Line]:
    rows = [line(_mark(attempt), _PURPOSES[attempt.what], attempt.problem or "") for attempt in result.attempts]
    return [
        line(strong(result.name), f" at {result.url}", dim(f"  by {result.driver}")),
        *columns(rows),
        *_facts(result),
    ]


def _mark(attempt: Attempt) -> Span:
    if attempt.problem is None:
        return good("ok")
    return warn("no") if attempt.denied else bad("failed")


def _facts(result: RemoteCheck) -> list[Line]:
    able = [
        word for word, is_so in (("pull", result.pull), ("push", result.push), ("gc --remote", result.collect)) if is_so
    ]
    facts = [line(f"works: {', '.join(able) or 'nothing'}")]
    if not result.created:
        facts.append(line("there is no store yet; the first push makes it"))
    if result.round_trip is not None:
        facts.append(line(f"round trip: {seconds(result.round_trip)}"))
    if result.clock_difference is not None:
        facts.append(line(f"clock: {result.clock_difference:+} s from this machine's"))
    return facts
