"""The texts of protocol 0, as CPython's machine in Python or its machine in C would take them.

Where only one of the two takes a text, `differ` is told and the load goes on, as it does for that one.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

from gitreg.gates.scan.pickles.cursor import BrokenError

Differ = Callable[[str], None]

_FLOAT = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity|nan)", re.IGNORECASE)
_OCTAL = re.compile(rb"\s*[+-]?0[0-7]+")
_DIGITS = 4300  # CPython's own limit for decimal texts
_SMALL = 1 << 63


def integer(line: bytes, differ: Differ, *, base: int = 0) -> int | None:
    """The number; None for one too large to matter here."""
    text = _until_nul(line, differ)
    if text in {b"00", b"01"} and not base:  # how protocol 0 writes booleans
        return int(text)
    if len(text) > _DIGITS:
        return None
    try:
        value = int(text, base)
    except ValueError:
        if base or not _OCTAL.fullmatch(text):
            raise BrokenError("has a malformed number") from None
        differ("a number is written with a leading zero")
        value = int(text, 8)
    return value if -_SMALL <= value < _SMALL else None


def long(line: bytes, differ: Differ) -> int | None:
    return integer(line[:-1] if line.endswith(b"L") else line, differ)


def check_float(line: bytes, differ: Differ) -> None:
    text = _until_nul(line, differ)
    if _FLOAT.fullmatch(text):
        return
    try:
        float(text)
    except ValueError:
        raise BrokenError("has a malformed number") from None
    differ("a number has spaces or underscores")


def quoted(line: bytes) -> str:
    """STRING: a Python 2 literal; the bytes it stands for, one character each."""
    if len(line) < 2 or line[0] != line[-1] or line[0] not in b"'\"":
        raise BrokenError("has a text without quotes")
    try:
        return codecs.escape_decode(line[1:-1])[0].decode("latin-1")
    except ValueError:
        raise BrokenError("has a malformed text") from None


def raw_unicode(line: bytes) -> str:
    try:
        return line.decode("raw-unicode-escape")
    except ValueError:
        raise BrokenError("has a malformed text") from None


def utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8", "surrogatepass")
    except ValueError:
        raise BrokenError("has a text that is not UTF-8") from None


def import_name(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except ValueError:
        raise BrokenError("has a name that is not UTF-8") from None


def _until_nul(line: bytes, differ: Differ) -> bytes:
    before, nul, _ = line.partition(b"\x00")
    if nul:
        differ("a number holds a zero byte")
    return before
