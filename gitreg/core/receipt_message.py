"""The text of a receipt: which tags a trusted writer saw, and which policy was in force then.

    Receive mnist@v1.2.0
    <blank>
    Gitreg-Log: 1
    Gitreg-Registry: 6c0e...
    Gitreg-Policy: 3f1a...
    Gitreg-Receipt: mnist@v1.2.0 8e02...

Only the last trailer repeats, or is absent: then the policy alone was received.  When it was is the commit's own date.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from gitreg.core.oid import Oid
from gitreg.core.registry_id import RegistryId
from gitreg.core.tag_name import TagName, parse_tag_name
from gitreg.core.text import escape
from gitreg.errors import FormatError

MAX_RECEIVED: Final = 1000  # in one receipt; a writer with more makes several
MAX_MESSAGE: Final = 512 * 1024
_MESSAGE: Final = re.compile(
    r"Receive [^\n]+\n\nGitreg-Log: 1\nGitreg-Registry: ([^\n]+)\nGitreg-Policy: ([^\n]+)\n"
    r"((?:Gitreg-Receipt: [^\n]+\n)*)"
)


class Received(NamedTuple):
    """A tag, and the object that it named when it was seen."""

    name: TagName
    oid: Oid


class ReceiptMessage(NamedTuple):
    """What one receipt says; `tags` stand in the order of their names, each once."""

    registry: RegistryId
    policy: Oid
    tags: tuple[Received, ...]


def format_receipt(message: ReceiptMessage) -> str:
    """Spell a receipt; `parse_receipt` is its inverse."""
    lines = [f"Gitreg-Log: 1\nGitreg-Registry: {message.registry}\nGitreg-Policy: {message.policy}\n"]
    lines += [f"Gitreg-Receipt: {tag.name} {tag.oid}\n" for tag in message.tags]
    return f"{_subject(message.tags)}\n\n{''.join(lines)}"


def parse_receipt(text: str) -> ReceiptMessage:
    """Read a receipt.  Raises FormatError unless it is what we would have written."""
    match = _MESSAGE.fullmatch(text) if len(text) <= MAX_MESSAGE else None
    if match is None:
        raise FormatError("not a receipt of format 1", hint="a newer gitreg may have written it")
    tags = tuple(_received(line) for line in match[3].split("\n") if line)
    names = [str(tag.name) for tag in tags]
    if names != sorted(set(names)) or len(names) > MAX_RECEIVED:
        raise FormatError(f"a receipt whose tags are not in order, each once, at most {MAX_RECEIVED}")
    message = ReceiptMessage(RegistryId.parse(match[1]), Oid.parse(match[2]), tags)
    if format_receipt(message) != text:
        raise FormatError("a receipt that is not in the form that gitreg writes")
    return message


def _received(line: str) -> Received:
    name, _, oid = line.removeprefix("Gitreg-Receipt: ").partition(" ")
    tag = parse_tag_name(name)
    if tag is None:
        raise FormatError(f"a receipt for something else than a registry tag: '{escape(name[:80])}'")
    return Received(tag, Oid.parse(oid))


def _subject(tags: tuple[Received, ...]) -> str:
    match tags:
        case ():
            return "Receive a policy"
        case (only,):
            return f"Receive {only.name}"
        case _:
            return f"Receive {len(tags)} tags"
