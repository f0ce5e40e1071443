"""Showing text from outside so that it cannot move a cursor, hide, or reorder what stands beside it."""

from __future__ import annotations


def escape(text: str) -> str:
    r"""One harmless line: control, bidi, invisible and undecodable characters become `\x1b`, `\u202e`...

    For eyes, not for machines: a backslash stays as it is, so the result cannot be turned back, and escaping
    twice changes nothing.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _code(ord(char)) for char in text)


def _code(point: int) -> str:
    if 0xDC80 <= point <= 0xDCFF:  # a byte of a file name that is not UTF-8, as os.fsdecode brings it in
        return f"\\x{point - 0xDC00:02x}"
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"
