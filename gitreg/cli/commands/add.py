"""`gitreg add`."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

import click

from gitreg.cli.figures import counted, seconds, size
from gitreg.cli.lines import Line, dim, line, strong
from gitreg.cli.metadata_files import read_metrics, read_table
from gitreg.cli.opening import open_here
from gitreg.cli.options import jobs_option
from gitreg.cli.output import Output
from gitreg.cli.params import FILE, METRIC, MODEL, PARAM, PLACE, Scalar
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.core.names import ModelName
from gitreg.core.pointer import Kind
from gitreg.errors import UsageError
from gitreg.operations.add import AddRequest, AddResult, add
from gitreg.operations.annotate import LineageRequest
from gitreg.operations.take_in import Keep


@verb("add")
@click.argument("path", type=PLACE)
@option("--name", type=MODEL, metavar="NAME", help="The model's name, if not the file's or folder's own.")
@option("--kind", type=click.Choice([kind.value for kind in Kind]), help="What it is (model, if nothing is said).")
@option("--metric", "metric", type=METRIC, multiple=True, metavar="K=V", help="A figure, such as accuracy=0.98.")
@option("--param", "param", type=PARAM, multiple=True, metavar="K=V", help="A hyperparameter, such as epochs=3.")
@option("--label", multiple=True, metavar="LABEL", help="A label to search for.")
@option("--metrics-file", type=FILE, metavar="FILE", help="Metrics from a JSON or TOML file.")
@option("--params-file", type=FILE, metavar="FILE", help="Hyperparameters from a JSON or TOML file.")
@option("--schema-file", type=FILE, metavar="FILE", help="Inputs and outputs from a JSON or TOML file.")
@option("--base", multiple=True, metavar="REF", help="A model that this one was made from.")
@option("--data", multiple=True, metavar="REF", help="A dataset that this one was trained on.")
@option("--owner", metavar="WHO", help="Who answers for it.")
@option("--description", metavar="TEXT", help="What it is, in a sentence.")
@option("--license", "license_", envvar="GITREG_ADD_LICENSE", metavar="SPDX", help="Its licence, such as Apache-2.0.")
@option("--commit", metavar="TEXT", help="Commit the pointer, with this message.")
@option("--push", is_flag=True, help="Send the bytes straight to the remote, without a copy in the local store.")
@option("--no-copy", is_flag=True, help="Only hash: push reads the bytes from where they are, if unchanged then.")
@option("--rehash", is_flag=True, help="Read all bytes again, even if no file looks changed.")
@jobs_option
@pass_output
def command(
    output: Output,
    path: Path,
    name: ModelName | None,
    kind: str | None,
    metric: tuple[tuple[str, float], ...],
    param: tuple[tuple[str, Scalar], ...],
    label: tuple[str, ...],
    metrics_file: Path | None,
    params_file: Path | None,
    schema_file: Path | None,
    base: tuple[str, ...],
    data: tuple[str, ...],
    owner: str | None,
    description: str | None,
    license_: str | None,
    commit: str | None,
    push: bool,
    no_copy: bool,
    rehash: bool,
) -> None:
    """Hash files into the local store and write their pointer.

    PATH is a file or folder; beside it comes NAME.gitreg, which Git tracks instead.
    What is said on the command line wins over files; the rest of an existing pointer stays as it is.
    """
    about = {"description": description, "owner": owner, "license": license_, "labels": list(label)}
    request = AddRequest(
        path=path,
        name=name,
        kind=Kind(kind) if kind else None,
        model={key: value for key, value in about.items() if value},
        params=(read_table(params_file) if params_file else {}) | dict(param),
        metrics=(read_metrics(metrics_file) if metrics_file else {}) | dict(metric),
        schema=read_table(schema_file) if schema_file else {},
        lineage=LineageRequest(base, data),
        commit_message=commit,
        rehash=rehash,
        keep=_keep(push=push, no_copy=no_copy),
    )
    result = add(open_here(output), request)
    output.done(result, lambda: [_line(result)])
    share = f"gitreg register {result.model}" if result.commit else "git commit"
    output.advice(f"{result.pointer} is {'committed' if result.commit else 'staged'}; next: {share}")
    if result.keep is Keep.NOWHERE:
        output.advice("the bytes are only where they were: leave them unchanged until gitreg push has sent them")


def _keep(*, push: bool, no_copy: bool) -> Keep:
    if push and no_copy:
        raise UsageError("--push makes no copy here anyway", hint="leave --no-copy out, or --push to send them later")
    if push:
        return Keep.SHARED
    return Keep.NOWHERE if no_copy else Keep.HERE


def _line(result: AddResult) -> Line:
    whole = f"  {counted(result.files, 'file')}, {size(result.size)}"
    cost = dim(f"  {_new(result)}, in {seconds(result.seconds)}")
    return line("Added ", strong(result.model), whole, cost)


def _new(result: AddResult) -> str:
    match result.keep:
        case Keep.HERE:
            return f"{size(result.transferred)} new"
        case Keep.SHARED:
            return f"{size(result.transferred)} sent"
        case Keep.NOWHERE:
            return "not copied"
        case _:
            assert_never(result.keep)
