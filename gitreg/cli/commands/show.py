"""`gitreg show`."""

from __future__ import annotations

import click

from gitreg.cli.opening import open_here
from gitreg.cli.output import Output
from gitreg.cli.summaries import model_lines, registry_lines
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import pass_output
from gitreg.cli.version_view import version_lines
from gitreg.core.names import ModelName
from gitreg.core.reference import Latest, Reference, parse_reference
from gitreg.operations.context import Context
from gitreg.operations.show_models import show_model, show_registry
from gitreg.operations.show_version import show_version


@verb("show")
@click.argument("what", metavar="[NAME or REF]", required=False)
@pass_output
def command(output: Output, what: str | None) -> None:
    """Show the registry, a model or a version.

    A bare NAME shows the model with its versions; NAME@latest shows the latest version whole.
    """
    context = open_here(output)
    if what is None:
        _show_registry(context, output)
        return
    reference = parse_reference(what)
    if isinstance(reference, Latest) and what == reference.model:
        _show_model(context, output, reference.model)
    else:
        _show_version(context, output, reference)


def _show_registry(context: Context, output: Output) -> None:
    models = show_registry(context)
    output.data(models, lambda: registry_lines(models))
    if not models:
        output.advice("nothing is registered yet: gitreg add PATH, git commit, gitreg register NAME")


def _show_model(context: Context, output: Output, name: ModelName) -> None:
    model = show_model(context, name)
    output.data(model, lambda: model_lines(model))


def _show_version(context: Context, output: Output, reference: Reference) -> None:
    details = show_version(context, reference)
    output.data(details, lambda: version_lines(details))
