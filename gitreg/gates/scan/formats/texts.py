"""Texts that their readers take for more than words: YAML's tags, XML's entities, templates.

Graphs go to a module of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from gitreg.gates.scan.finding import shown
from gitreg.gates.scan.formats.graph_texts import check_graph_text
from gitreg.gates.scan.formats.jinja import violation

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

_PIECE = 8 << 20
_OVERLAP = 1 << 12
_HEAD = 1 << 16
# Also by numbers for letters, and by a prefix that stands for another one, in a line as YAML ends lines.
_TAG = re.compile(
    rb"!(?:![^\s,!]{0,200}?|<[^\s>!]{0,200}?)(?:python/|%[0-9a-fA-F]{2})"
    rb"|tag:yaml\.org,2002:python/|(?:^|\r|\xc2\x85|\xe2\x80[\xa8\xa9])(?:\xef\xbb\xbf)?%TAG\s",
    re.MULTILINE,
)
# Entities, which can also grow without end, and a DTD from elsewhere, which can declare them.  Apple's and the W3C's
# stand in every property list and drawing.
_ENTITY = re.compile(
    rb"<!ENTITY|<!DOCTYPE(?!\s{1,99}[\w:.-]{1,99}\s{0,99}"
    rb'(?:PUBLIC\s{1,99}"[^"<>]{0,200}"\s{0,99}(?:"https?://www\.(?:apple\.com/DTDs|w3\.org)/[^"<>]{0,200}"\s{0,99})?)?'
    rb"[\[>])"
)
_TEMPLATES = frozenset({".jinja", ".jinja2", ".j2"})
_LONGEST_TEMPLATE = 16 << 20
_REFUSE_TAGS = "never read it with an unsafe YAML loader"
_REFUSE_ENTITIES = "never read it with an XML parser that follows entities"
_SANDBOX = "take the template out, or render it in a sandbox only"


def check_text(part: Part, scan: Scan) -> None:
    """Of a text in whatever language: nobody says which one it is meant for."""
    is_xml = first_letter(part) in {b"<", b""}
    for begin, piece in _pieces(part):
        if match := _TAG.search(piece):
            detail = f"has the YAML tag {shown(match[0].decode('latin-1'))}, by which a reader calls Python"
            scan.unsafe(part.within(begin + match.start()), "yaml-tag", detail, _REFUSE_TAGS)
            break
        if is_xml and (match := _ENTITY.search(piece)):
            detail = "is XML that declares what its reader puts in, or takes such declarations from another file"
            scan.unsafe(part.within(begin + match.start()), "xml-entity", detail, _REFUSE_ENTITIES)
            break
    if part.suffix == ".pbtxt":
        check_graph_text(part, scan)
    if part.suffix in _TEMPLATES:
        check_template(part, scan, part.head(_LONGEST_TEMPLATE).decode("utf-8", "replace"))


def first_letter(part: Part) -> bytes:
    """After blanks, however many, which readers pass over; nothing, if there may be more of them."""
    return part.head(_HEAD).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]


def check_template(part: Part, scan: Scan, template: str) -> None:
    if word := violation(template):
        detail = f"has a template that reaches for {shown(word)}"
        scan.unsafe(part, "template", detail, _SANDBOX)


def _pieces(part: Part) -> Iterator[tuple[int, bytes]]:
    """Each with the end of the one before, and where in the part it begins."""
    with part.open() as stream:
        before, begin = b"", 0
        for piece in iter(partial(stream.read, _PIECE), b""):
            yield begin - len(before), before + piece
            begin += len(piece)
            before = (before + piece)[-_OVERLAP:]
