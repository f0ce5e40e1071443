"""What people are shown, as values: lines of spans, each with a look.  Text stays raw until it is written."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from gitreg.core.text import escape


class Look(Enum):
    """What a span means; the colours that go with it are chosen where it is written."""

    PLAIN = "plain"
    STRONG = "strong"
    DIM = "dim"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text.  Escaped on the way in, so no renderer can forget to."""

    text: str
    look: Look = Look.PLAIN

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", escape(self.text))

    @property
    def width(self) -> int:
        """Columns on a terminal."""
        return len(self.text) if self.text.isascii() else sum(map(_columns, self.text))


Line = tuple[Span, ...]


def line(*parts: object) -> Line:
    """One line: spans as they are, anything else as plain text."""
    return tuple(part if isinstance(part, Span) else Span(str(part)) for part in parts)


def strong(text: object) -> Span:
    return Span(str(text), Look.STRONG)


def dim(text: object) -> Span:
    return Span(str(text), Look.DIM)


def good(text: object) -> Span:
    return Span(str(text), Look.GOOD)


def warn(text: object) -> Span:
    return Span(str(text), Look.WARN)


def bad(text: object) -> Span:
    return Span(str(text), Look.BAD)


def indented(lines: Iterable[Line]) -> list[Line]:
    return [(Span("  "), *spans) for spans in lines]


def written(spans: Line, paint: Callable[[str, Look], str]) -> str:
    """A line as one string, with each span painted."""
    return "".join(paint(span.text, span.look) for span in spans)


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
