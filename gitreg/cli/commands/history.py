"""`gitreg history`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import click

from gitreg.cli.figures import moment
from gitreg.cli.lines import Line, Span, bad, dim, line, strong
from gitreg.cli.opening import open_here
from gitreg.cli.output import Output
from gitreg.cli.params import MODEL, STAGE, TIME
from gitreg.cli.table import columns
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.core.names import ModelName, StageName
from gitreg.operations.history import HistoryEntry, HistoryFilter, history


@verb("history")
@click.argument("name", type=MODEL, required=False)
@option("--stage", type=STAGE, metavar="STAGE", help="Only this stage's events.")
@option("--since", type=TIME, metavar="TIME", help="Only later ones: 2026-03-01, or '30 days ago'.")
@option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the N newest.")
@pass_output
def command(
    output: Output, name: ModelName | None, stage: StageName | None, since: datetime | None, limit: int | None
) -> None:
    """List what happened, newest first.

    Tags that do not verify are listed as such, with the reason.
    """
    entries = history(open_here(output), HistoryFilter(name, stage, since, limit))
    output.data(entries, lambda: _lines(entries))
    if not entries:
        output.advice("nothing has happened yet")


def _lines(entries: Iterable[HistoryEntry]) -> list[Line]:
    rows = [
        line(_when(entry), entry.event, strong(_subject(entry)), entry.by or "-", _remark(entry)) for entry in entries
    ]
    return columns(rows)


def _when(entry: HistoryEntry) -> Span:
    return dim(moment(entry.at) if entry.at else "-")


def _subject(entry: HistoryEntry) -> str:
    what = f"{entry.model}@{entry.version}" if entry.version else str(entry.model)
    return f"{what} {entry.stage}#{entry.n}" if entry.stage else what


def _remark(entry: HistoryEntry) -> Span:
    if not entry.verified:
        return bad("unverified: " + "; ".join(entry.reasons))
    return Span(entry.message.partition("\n")[0])
