"""The tables of docs/performance-storage.md: made from what was measured, and put in the place of the ones there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.storage.costs import MIB, Cost, median, median_ratio
from bench.storage.page_cache import PageCache

SECTIONS = {
    ("big", PageCache.WARM): "One file of 4 GiB",
    ("big", PageCache.COLD): "One file of 4 GiB, from the disk",
    ("small", PageCache.WARM): "20,000 files of 10 KB",
    ("small", PageCache.COLD): "20,000 files of 10 KB, from the disk",
}
_NAMES = {"cp": "`cp`", "cp, then sync": "`cp`, then `sync -f`", "gitreg": "**gitreg**"}

Costs = Mapping[tuple[str, str], list[Cost]]


def table(tools: Sequence[str], costs: Costs) -> str:
    """A row for each tool, compared with the first one.  Columns without a figure are left out."""
    base = tools[0]
    titles = ["", "add", f"of {_named(base)}", "CPU", "peak memory", "unchanged again", "status", "second version"]
    rows = [_cells(tool, base, costs) for tool in tools]
    columns = [
        column for column in zip([*titles, "check out", f"of {_named(base)}"], *rows, strict=True) if any(column[1:])
    ]
    lines = [" ".join(["|", *(f"{cell} |".lstrip() for cell in line)]) for line in zip(*columns, strict=True)]
    return "\n".join([lines[0], "|---" * len(columns) + "|", *lines[1:]])


def with_table(page: str, title: str, new: str) -> str:
    """The page with its section's first table replaced.  Raises ValueError if there is none."""
    start = page.index("\n|", page.index(f"## {title}\n")) + 1
    return page[:start] + new + page[page.index("\n\n", start) :]


def _cells(tool: str, base: str, costs: Costs) -> list[str]:
    add, get = costs[tool, "add"], costs[tool, "get"]
    return [
        _named(tool),
        _seconds(add),
        _ratio(add, costs[base, "add"]),
        f"{median(add).cpu:.1f} s",
        f"{median(add).memory / MIB:.0f} MiB",
        *(_seconds(costs[tool, step]) for step in ("again", "status", "change", "get")),
        _ratio(get, costs[base, "get"]),
    ]


def _named(tool: str) -> str:
    return _NAMES.get(tool, tool)


def _seconds(costs: list[Cost]) -> str:
    return f"{median(costs).wall:.2f} s" if costs else ""


def _ratio(costs: list[Cost], others: list[Cost]) -> str:
    return f"{median_ratio(costs, others):.1f}" if costs and others else ""
