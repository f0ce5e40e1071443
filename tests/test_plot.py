"""The figure of the storage engine's performance is the page's tables, drawn."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

from bench.storage.costs import MIB, Cost
from bench.storage.page import table, with_table
from bench.storage.plot import STEPS, bars, figure

DOCS = Path(__file__).parent.parent / "docs"


def test_the_figure_shows_what_the_page_says():
    """If this fails: python -m bench.storage.plot docs/performance-storage.md docs/performance-storage.svg"""
    page = (DOCS / "performance-storage.md").read_text()
    drawn = (DOCS / "performance-storage.svg").read_text()
    assert drawn == figure(page)
    ElementTree.fromstring(drawn)


def test_tools_without_a_figure_are_left_out():
    table = "| | add | check out |\n|---|---|---|\n| `cp` | 2.0 s | |\n| **gitreg** | 1 s | 3 s |\n"
    page = f"## Work\n\n{table}\n| | another table |\n|---|---|\n"
    shown = {step: [(bar.tool, bar.seconds) for bar in bars(page, "Work", step)] for step in STEPS}
    assert shown == {"add": [("cp", 2.0), ("gitreg", 1.0)], "check out": [("gitreg", 3.0)]}


def test_a_measured_table_takes_the_place_of_the_old_one_and_can_be_drawn():
    """Figures would be copied by hand, and the figure's script would not find them."""
    costs = defaultdict(list)
    for tool, add, get in (("cp", 2, 1), ("cp, then sync", 4, None), ("gitreg", 3, 2)):
        costs[tool, "add"] += [Cost(add, 1, 5 * MIB)] * 2
        costs[tool, "get"] += [Cost(get, 1, MIB)] if get else []
    made = table(["cp", "cp, then sync", "gitreg"], costs)
    page = with_table("# Page\n\n## Work\n\ntext\n\n| old |\n|---|\n\n| kept |\n", "Work", made)
    assert made.splitlines()[0] == "| | add | of `cp` | CPU | peak memory | check out | of `cp` |"
    assert "| `cp`, then `sync -f` | 4.00 s | 2.0 | 1.0 s | 5 MiB | | |\n" in page
    assert "old" not in page
    assert page.endswith("\n\n| kept |\n")
    assert [(bar.tool, bar.seconds) for bar in bars(page, "Work", "check out")] == [("cp", 1), ("gitreg", 2)]
