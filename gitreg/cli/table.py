"""Tables by padding: columns aligned, the last one left ragged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gitreg.cli.lines import Line, Span, dim, line

GAP = "  "


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> list[Line]:
    """Align rows under a dim header; no rows, no table."""
    return [] if not (body := [line(*row) for row in rows]) else columns([line(*map(dim, header)), *body])


def columns(rows: Sequence[Line]) -> list[Line]:
    """Align rows of equally many cells."""
    widths = [max(cell.width for cell in column) for column in zip(*rows, strict=True)]
    return [_padded(row, widths) for row in rows]


def _padded(row: Line, widths: Sequence[int]) -> Line:
    spans: list[Span] = []
    for cell, width in zip(row[:-1], widths, strict=False):
        spans += [cell, Span(" " * (width - cell.width) + GAP)]
    spans += row[-1:]
    while spans and not spans[-1].text.strip():
        spans.pop()
    return tuple(spans)
