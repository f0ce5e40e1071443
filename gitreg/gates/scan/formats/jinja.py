"""Jinja templates: what a sandbox would refuse, found in their text.  Evaluates nothing, and needs no Jinja.

A template can also put names together while it runs, which a text cannot show: only sandboxed readers are safe then.
"""

from __future__ import annotations

import re
import sys

_OPEN = re.compile(r"\{([{%#])")
# Each token is at least one character, and an unfinished text is one token: time is linear in the template's length.
_TOKEN = re.compile(r"'(?:[^'\\]|\\.)*'?|\"(?:[^\"\\]|\\.)*\"?|[}%]\}|[^'\"}%]+|.", re.DOTALL)
_ENDS = {"{": "}}", "%": "%}"}
_WORDS = (
    r"__\w+|mro|im_func|im_self|func_(?:globals|code)|[gc]r?i?_(?:frame|code)|tb_frame|f_(?:globals|locals|builtins)"
)
_IN_CODE = re.compile(rf"\.\s*(_\w*|(?:{_WORDS})\b)|(?<!\w)(__\w+)|\|\s*(attr)\b")
_IN_TEXT = re.compile(rf"(__\w+)|\b({_WORDS})\b")
_ESCAPE = re.compile(
    r"\\(?:(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|([0-7]{1,3})|(N\{LOW LINE\})|\n)", re.IGNORECASE
)
_STATEMENT = re.compile(r"[-+]?\s*(import|include|extends|from)\b")


def violation(template: str) -> str | None:
    """The first thing in expressions and statements that reaches for Python's own attributes or for other files."""
    at = 0
    while opened := _OPEN.search(template, at):
        if opened[1] == "#":
            at = template.find("#}", opened.end()) + 2
            if at < 2:
                return None
            continue
        code, texts, at = _block(template, opened.end(), _ENDS[opened[1]])
        if opened[1] == "%" and (statement := _STATEMENT.match(code)):
            return statement[1]
        if found := _IN_CODE.search(code) or _IN_TEXT.search(texts):
            return next(group for group in found.groups() if group)
    return None


def _block(template: str, begin: int, end: str) -> tuple[str, str, int]:
    """What stands there outside of quotes, what stands inside, run together, and where the block ends."""
    code: list[str] = []
    texts: list[str] = []
    for token in _TOKEN.finditer(template, begin):
        text = token[0]
        if text == end:
            return "".join(code), "".join(texts), token.end()
        if text[0] in "'\"":
            texts.append(_unescaped(text[1:-1]))
        code.append(" '' " if text[0] in "'\"" else text)
    return "".join(code), "".join(texts), len(template)


def _unescaped(text: str) -> str:
    """As Jinja reads it: an underscore may be written by its number."""
    return _ESCAPE.sub(_letter, text) if "\\" in text else text


def _letter(escape: re.Match[str]) -> str:
    by_hex, by_octal, _ = escape.groups()
    if by_hex or by_octal:
        return chr(min(int(by_hex[1:], 16) if by_hex else int(by_octal, 8), sys.maxunicode))
    return "_" if escape[3] else ""
