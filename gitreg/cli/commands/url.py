"""`gitreg url`."""

from __future__ import annotations

import shlex
from datetime import timedelta

import click

from gitreg.cli.lines import Line, line
from gitreg.cli.opening import open_here
from gitreg.cli.output import Output
from gitreg.cli.params import REF, Parsed
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.core.reference import Reference
from gitreg.operations.cache import parse_age
from gitreg.operations.links import LinkPart, LinkResult, links

_CURL = "curl --fail --silent --show-error"


@verb("url")
@click.argument("ref", type=REF)
@click.argument("path")
@option("--expires", type=Parsed[timedelta]("age", parse_age), default="1h", show_default=True, metavar="AGE",
        help="How long the links work, such as '2 hours'; 7 days at most.")  # fmt: skip
@pass_output
def command(output: Output, ref: Reference, path: str, expires: timedelta) -> None:
    """Hand out links to a file of a version, for a while.

    Prints a command that fetches it, for who has neither gitreg nor credentials. PATH is its path in the version.
    Whoever has the links can read the file until they expire.
    """
    result = links(open_here(output), ref, path, expires)
    output.data(result, lambda: _script(result))
    if result.temporary:
        output.note("the links end with the temporary credentials that signed them, if that is sooner")
    if not result.verified:
        output.note("nobody has signed this version")


def _script(result: LinkResult) -> list[Line]:
    """The parts after each other, and whether they are the file."""
    name = result.path.rpartition("/")[2]
    target = shlex.quote(f"./{name}")
    fetches = [f"  {_fetch(part)} &&" for part in result.parts]
    check = f"echo {shlex.quote(f'{result.sha256}  ./{name}')} | sha256sum --check"
    return [line(each) for each in ("{", *fetches, f"  true; }} > {target} && {check}")]


def _fetch(part: LinkPart) -> str:
    wanted = "" if part.range is None else f"--range {part.range.removeprefix('bytes=')} "
    return f"{_CURL} {wanted}{shlex.quote(part.url)}"
