"""`gitreg register`."""

from __future__ import annotations

import click

from gitreg.cli.events import report
from gitreg.cli.opening import open_here
from gitreg.cli.options import message_option, push_option
from gitreg.cli.output import Output
from gitreg.cli.params import BUMP, MODEL, VERSION
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.core.names import ModelName
from gitreg.core.version import Bump, Version
from gitreg.errors import UsageError
from gitreg.operations.register import RegisterRequest, register


@verb("register")
@click.argument("name", type=MODEL)
@option("--version", type=VERSION, metavar="VERSION", help="The version's number, such as v1.2.0.")
@option("--bump", type=BUMP, help="Raise this part of the latest version (minor, if nothing is said).")
@message_option
@push_option
@pass_output
def command(
    output: Output, name: ModelName, version: Version | None, bump: str | None, message: str, push: bool
) -> None:
    """Sign a new version of a model.

    The pointer as it is committed at HEAD becomes NAME@VERSION; the first version is v1.0.0.
    """
    if version and bump:
        raise UsageError("--version and --bump exclude each other", hint="give one of them, or neither")
    request = RegisterRequest(version, Bump(bump) if bump else None, message, push)
    result = register(open_here(output), name, request)
    report(output, result, f"bring it into a stage: gitreg promote {name}@{result.version} STAGE")
