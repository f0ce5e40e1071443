"""`gitreg cache`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from gitreg.cli.figures import ago, counted, size
from gitreg.cli.lines import Line, dim, line, strong
from gitreg.cli.opening import settings_for
from gitreg.cli.output import Output
from gitreg.cli.params import Parsed
from gitreg.cli.table import columns
from gitreg.cli.verb import VerbGroup, option, pass_output
from gitreg.operations.cache import (
    CacheEntry,
    CacheInfo,
    Pruned,
    PruneRequest,
    cache_info,
    parse_age,
    parse_size,
    prune_cache,
)

SIZE = Parsed[int]("size", parse_size)
AGE = Parsed[timedelta]("age", parse_age)


@click.group("cache", cls=VerbGroup)
def command() -> None:
    """Look at the shared checkouts, and make room."""


@command.command("info")
@pass_output
def info(output: Output) -> None:
    """Show the checkouts, the one used last first."""
    result = cache_info(settings_for(output))
    output.data(result, lambda: _info_lines(result))


@command.command("prune")
@option("--max-size", type=SIZE, metavar="SIZE", help="Keep at most this much, such as 20GB, not the usual bound.")
@option("--max-age", type=AGE, metavar="AGE", help="Keep what was used within AGE only, such as '30 days'.")
@option("--in-use", is_flag=True, help="Also remove what was used within the last hour.")
@pass_output
def prune(output: Output, max_size: int | None, max_age: timedelta | None, in_use: bool) -> None:
    """Remove the checkouts used longest ago, until the rest is within bounds."""
    result = prune_cache(settings_for(output), PruneRequest(max_size, max_age, in_use))
    output.done(result, lambda: [_pruned_line(result)])


def _info_lines(info: CacheInfo) -> list[Line]:
    rows = columns([_row(entry) for entry in info.checkouts]) if info.checkouts else []
    bound = f"at most {size(info.max_size)}"
    whole = f"{counted(len(info.checkouts), 'checkout')}, {size(info.size)}, "
    return [*rows, line(f"{whole}{bound}, in {info.path}")]


def _row(entry: CacheEntry) -> Line:
    used = ago(entry.used, datetime.now(UTC))
    return line(strong(entry.manifest), size(entry.size), counted(entry.files, "file"), dim(f"used {used}"))


def _pruned_line(done: Pruned) -> Line:
    removed = f"Removed {counted(len(done.removed), 'checkout')}, {size(done.freed)}; "
    return line(removed, f"{counted(done.kept, 'checkout')} left, {size(done.size)}")
