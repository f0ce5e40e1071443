"""The raw bytes of annotated tag objects, read strictly and written as `git tag -s` writes them.

Knows git's format only; what gitreg puts into the message is core/tag_message.py's.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple

from gitreg.core.oid import Oid
from gitreg.core.text import escape
from gitreg.errors import FormatError
from gitreg.trust.sshsig import END

MAX_TAG: Final = 1024 * 1024
# The last second a date can be written for; git itself goes further, calendars do not.
_MAX_SECONDS: Final = 253_402_300_799

_HEADER: Final = re.compile(
    r"object ([^\n]*)\ntype ([^\n]*)\ntag ([^\n]*)\ntagger ([^\n]*)\n\n",
)
_TAGGER: Final = re.compile(r"([^<>\n]*) <([^<>\n]*)> (0|[1-9][0-9]{0,11}) ([+-][0-9]{4})")
# Where git takes a signature to begin: any line with such a start, of any of the kinds it knows.  That all begin alike
# is what lets the search pass quickly over everything else.
_SIGNATURE: Final = re.compile(
    r"\n-----BEGIN (?:SSH SIGNATURE|(?P<other>PGP SIGNATURE|PGP MESSAGE|SIGNED MESSAGE))-----"
)


class TargetType(StrEnum):
    COMMIT = "commit"
    TREE = "tree"
    BLOB = "blob"
    TAG = "tag"


class Tagger(NamedTuple):
    """Who claims to have tagged, and when: `seconds` since 1970 in UTC, `offset` as `+0200`.  Proves nothing."""

    name: str
    email: str
    seconds: int
    offset: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}> {self.seconds} {self.offset}"


class TagObject(NamedTuple):
    """`message` is without the signature, which is armored and unverified; it covers `signed_bytes`."""

    target: Oid
    target_type: TargetType
    name: str
    tagger: Tagger
    message: str
    signature: str | None
    signed_bytes: bytes


def parse_tag_object(raw: bytes) -> TagObject:
    """Read a tag object's content; FormatError for anything but the form that stock git writes."""
    text = _text(raw)
    header = _HEADER.match(text)
    if header is None:
        raise FormatError("a tag object whose headers are not object, type, tag and tagger, each once")
    message, signature = _split_signature(text, header.end())
    return TagObject(
        target=Oid.parse(header[1]),
        target_type=_target_type(header[2]),
        name=_name(header[3]),
        tagger=parse_tagger(header[4]),
        message=message,
        signature=signature,
        signed_bytes=raw[: len(raw) - len((signature or "").encode())],
    )


def claimed_seconds(raw: bytes | None) -> int | None:
    """When a tag says it was made, by its tagger's clock; None if it is none that says so."""
    try:
        return parse_tag_object(raw).tagger.seconds if raw else None
    except FormatError:
        return None


def encode_tag_object(target: Oid, target_type: TargetType, name: str, tagger: Tagger, message: str) -> bytes:
    """The bytes to be signed; FormatError if they would not be read back as the same values."""
    text = f"object {target}\ntype {target_type}\ntag {name}\ntagger {tagger}\n\n{message}"
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        raise FormatError("a tag can only hold text that UTF-8 can write") from None
    read = parse_tag_object(raw)
    if read != TagObject(target, target_type, name, tagger, message, None, raw):
        raise FormatError(f"the tag '{escape(name[:60])}' cannot be written with this tagger and message")
    return raw


def attach_signature(payload: bytes, armored: str) -> bytes:
    """The complete object, as `git tag -s` leaves it; FormatError unless it reads back."""
    raw = payload + armored.encode()
    if parse_tag_object(raw).signed_bytes != payload:
        raise FormatError("a signature can only follow an unsigned tag that ends in a new line")
    return raw


def _text(raw: bytes) -> str:
    if len(raw) > MAX_TAG:
        raise FormatError(f"a tag object of {len(raw)} bytes, the limit is {MAX_TAG}")
    if b"\0" in raw:
        raise FormatError("a tag object with a NUL byte")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise FormatError("a tag object that is not UTF-8 text") from None


def _target_type(text: str) -> TargetType:
    try:
        return TargetType(text)
    except ValueError:
        raise FormatError(f"a tag of an unknown type of object: '{escape(text[:40])}'") from None


def _name(text: str) -> str:
    if not text or " " in text or not text.isprintable():
        raise FormatError(f"a tag object with an impossible name: '{escape(text[:60])}'")
    return text


def parse_tagger(text: str) -> Tagger:
    """Read `NAME <EMAIL> SECONDS OFFSET`, the form that taggers, authors and committers have."""
    form = _TAGGER.fullmatch(text)
    if form is None or int(form[3]) > _MAX_SECONDS:
        raise FormatError(f"malformed name, address or date: '{escape(text[:60])}'")
    return Tagger(form[1], form[2], int(form[3]), form[4])


def _split_signature(text: str, body: int) -> tuple[str, str | None]:
    found = list(_SIGNATURE.finditer(text, body - 1))
    if not found:
        return text[body:], None
    other = next((match["other"] for match in found if match["other"]), None)
    if other is not None:
        raise FormatError(f"signed with {other}, not with an SSH key", hint="git config gpg.format ssh")
    if len(found) > 1:
        raise FormatError("a tag object with more than one signature")
    start = found[0].start() + 1
    if not text.endswith(f"\n{END}\n"):
        raise FormatError("a tag object with text after its signature, or with half a signature")
    return text[body:start], text[start:]
