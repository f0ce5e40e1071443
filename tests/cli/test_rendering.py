"""How values become text and JSON; scripts read the second, so its rules are a promise."""

from __future__ import annotations

import io
import json
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from pathlib import Path

import pytest

from gitreg.cli.figures import ago, counted, moment, seconds, size
from gitreg.cli.json_form import to_json
from gitreg.cli.lines import Look, Span, line, written
from gitreg.cli.progress import Bar
from gitreg.cli.table import columns, table
from gitreg.core.digest import Digest
from gitreg.core.names import ModelName
from gitreg.core.version import Version

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class State(Enum):
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Inner:
    name: str


@dataclass(frozen=True, slots=True)
class Outer:
    model: ModelName
    version: Version
    manifest: Digest
    state: State
    at: datetime
    place: Path
    items: tuple[Inner, ...]
    metrics: dict[str, float]
    nothing: None = None


def test_json_of_a_result_has_field_names_and_spelled_values():
    east = timezone(timedelta(hours=2))
    outer = Outer(
        ModelName("mnist"), Version(1, 2, 0), Digest("ab" * 32), State.SAME, datetime(2026, 3, 1, 14, tzinfo=east),
        Path("models/mnist"), (Inner("a"),), {"accuracy": 0.5},
    )  # fmt: skip
    assert json.loads(to_json(outer)) == {
        "model": "mnist",
        "version": "v1.2.0",
        "manifest": "blake3:" + "ab" * 32,
        "state": "same",
        "at": "2026-03-01T12:00:00Z",
        "place": "models/mnist",
        "items": [{"name": "a"}],
        "metrics": {"accuracy": 0.5},
        "nothing": None,
    }


def test_json_text_cannot_act_on_a_terminal():
    assert to_json(["\x1b[2J\u202e\x7f\udcff"]).replace("\n", "").isprintable()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_has_only_numbers_that_json_knows(value: float):
    with pytest.raises(ValueError):
        to_json({"loss": value})


def test_json_refuses_what_has_no_form():
    with pytest.raises(TypeError):
        to_json(object())


def test_tables_align_by_columns_on_the_terminal():
    lines = table(["name", "note"], [["模型", "wide"], ["mnist", "narrow"]])
    texts = [written(each, lambda text, _look: text) for each in lines]
    assert texts == ["name   note", "模型   wide", "mnist  narrow"]


def test_tables_have_no_trailing_blanks():
    lines = columns([line("a", "bb", ""), line("aaa", "", "")])
    assert [written(each, lambda text, _look: text) for each in lines] == ["a    bb", "aaa"]


def test_an_empty_table_has_no_header():
    assert table(["name"], []) == []


def test_a_look_never_reaches_text_that_asks_for_it():
    assert line(Span("\x1b[31mred", Look.BAD))[0].text == r"\x1b[31mred"


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1024**2 - 1, "1.0 MiB"), (14_336_221_184, "13.4 GiB")],
)
def test_sizes(count: int, text: str):
    assert size(count) == text


def test_counts_seconds_and_moments():
    assert (counted(1, "file"), counted(20_000, "file")) == ("1 file", "20,000 files")
    assert (seconds(0.04), seconds(3.21), seconds(250.2)) == ("40 ms", "3.2 s", "4 min 10 s")
    assert moment(datetime(2026, 3, 1, 14, tzinfo=timezone(timedelta(hours=2)))) == "2026-03-01T12:00:00Z"


@pytest.mark.parametrize(
    ("elapsed", "text"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=5), "5 hours ago"),
        (timedelta(days=400), "1 year ago"),
        (-timedelta(days=1), "2026-03-02T12:00:00Z"),
    ],
)
def test_ago(elapsed: timedelta, text: str):
    assert ago(NOW - elapsed, NOW) == text


def test_the_bar_takes_reports_from_many_threads_and_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch):
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr("gitreg.cli.progress._INTERVAL", 1e-9)
    bar = Bar()
    bar.start("up\x1bload")
    threads = [threading.Thread(target=lambda: [bar.update(n, 8000) for n in range(100)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bar.update(8000, 8000)
    bar.finish()
    drawn = stream.getvalue().split("\r\x1b[K")
    assert drawn[-2].startswith(r"up\x1bload [========================] 7.8 KiB of 7.8 KiB, ")
    assert drawn[-1] == ""
    assert all(part.isprintable() for part in drawn)
