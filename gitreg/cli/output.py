"""Where everything the program says goes: data to stdout, all else to stderr.  The global options set its ways."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import assert_never

import click

from gitreg.cli.json_form import to_json
from gitreg.cli.lines import Line, Look, dim, line, written
from gitreg.cli.progress import Bar


@dataclass(slots=True)
class Output:
    """Mutable because the global options may stand before the verb or after it, and fill it in as they are met."""

    json: bool = False
    quiet: bool = False
    colour: bool = True
    key: str | None = None
    policy_root: str | None = None
    jobs: int | None = None
    bar: Bar = field(default_factory=Bar)

    @property
    def talks(self) -> bool:
        """Whether anybody wants progress and advice."""
        return not (self.quiet or self.json)

    def data(self, result: object, render: Callable[[], Iterable[Line]]) -> None:
        """The answer to a question: always shown."""
        if self.json:
            click.echo(to_json(result))
        else:
            self.lines(render())

    def done(self, result: object, render: Callable[[], Iterable[Line]]) -> None:
        """What a command did: not shown with -q, when the exit code says enough."""
        if self.json or not self.quiet:
            self.data(result, render)

    def lines(self, lines: Iterable[Line]) -> None:
        """Lines of data for people."""
        for each in lines:
            click.echo(written(each, _paint), color=self._color)

    def note(self, text: str) -> None:
        """A line beside the result."""
        if not self.quiet:
            self.aside(line(dim(text)))

    def advice(self, text: str) -> None:
        """What to do next, for people who type."""
        if self.talks:
            self.aside(line(dim(text)))

    def aside(self, spans: Line) -> None:
        """A line on stderr."""
        self.bar.finish()
        click.echo(written(spans, _paint), err=True, color=self._color)

    @property
    def watched(self) -> bool:
        """Whether somebody sees a progress bar."""
        return self.talks and sys.stderr.isatty()

    @property
    def _color(self) -> bool | None:
        """None lets click look whether the stream is a terminal.  See no-color.org for the variable."""
        return None if self.colour and not os.environ.get("NO_COLOR") else False


def _paint(text: str, look: Look) -> str:
    match look:
        case Look.PLAIN:
            return text
        case Look.STRONG:
            return click.style(text, bold=True)
        case Look.DIM:
            return click.style(text, dim=True)
        case Look.GOOD:
            return click.style(text, fg="green")
        case Look.WARN:
            return click.style(text, fg="yellow")
        case Look.BAD:
            return click.style(text, fg="red", bold=True)
        case _:
            assert_never(look)
