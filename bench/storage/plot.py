"""Draws the tables of docs/performance-storage.md, so that the figure and the page cannot differ.

python -m bench.storage.plot docs/performance-storage.md docs/performance-storage.svg
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from bench.storage.page import SECTIONS
from bench.storage.page_cache import PageCache

_BIG, _SMALL = SECTIONS["big", PageCache.WARM], SECTIONS["small", PageCache.WARM]
PANELS = {_BIG: "4 GiB in one file", _SMALL: _SMALL}
STEPS = {"add": "add", "check out": "check out"}
_SECONDS = re.compile(r"([0-9.]+) s")
_WIDTH, _ROW, _LABEL, _BAR = 360, 20, 140, 170


@dataclass(frozen=True, slots=True)
class Bar:
    """A tool, and how many seconds it took."""

    tool: str
    seconds: float


def bars(page: str, section: str, column: str) -> list[Bar]:
    """One column of a section's first table; tools without a figure there are left out."""
    table = page.partition(f"## {section}\n")[2].partition("\n|")[2].partition("\n\n")[0]
    rows = [[cell.strip(" *`") for cell in line.strip("|").split("|")] for line in table.splitlines()]
    place = rows[0].index(column)
    found = [(row[0].replace("`", ""), _SECONDS.fullmatch(row[place])) for row in rows[2:]]
    return [Bar(tool, float(match.group(1))) for tool, match in found if match]


def panel(title: str, shown: list[Bar], left: int, top: int) -> list[str]:
    """A heading, and a bar for each tool on a scale of the panel's own."""
    scale = _BAR / max(bar.seconds for bar in shown)
    parts = [f'<text x="{left}" y="{top}" font-weight="bold">{escape(title)}</text>']
    for number, bar in enumerate(shown, start=1):
        y, width = top + number * _ROW, max(1, round(bar.seconds * scale))
        colour = "#1a7f37" if bar.tool == "gitreg" else "#8c959f"
        parts += [
            f'<text x="{left + _LABEL - 6}" y="{y}" text-anchor="end">{escape(bar.tool)}</text>',
            f'<rect x="{left + _LABEL}" y="{y - 11}" width="{width}" height="13" fill="{colour}"/>',
            f'<text x="{left + _LABEL + width + 5}" y="{y}">{bar.seconds:g} s</text>',
        ]
    return parts


def figure(page: str) -> str:
    """The page's panels: works side by side, steps one below the other."""
    parts, top = [], 24
    for column, step in STEPS.items():
        columns = [(title, bars(page, section, column)) for section, title in PANELS.items()]
        for number, (title, shown) in enumerate(columns):
            parts += panel(f"{step}: {title}", shown, 10 + number * _WIDTH, top)
        top += (max(len(shown) for _, shown in columns) + 2) * _ROW
    size = f'width="{2 * _WIDTH + 20}" height="{top - _ROW}"'
    style = 'font-family="sans-serif" font-size="12" fill="#6e7781"'  # legible on light and on dark pages
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>', *parts, "</svg>", ""])


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(figure(Path(sys.argv[1]).read_text()))
