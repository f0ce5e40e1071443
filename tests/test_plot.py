"""The figure of the storage engine's performance is the page's tables, drawn."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

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
