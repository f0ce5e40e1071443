"""OpenSSH's pattern lists (ssh_config(5), PATTERNS): `*`, `?`, and `!` to exclude."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

# OpenSSH takes a longer one for no match at all.
_MAX_PATTERN: Final = 1022


@lru_cache(maxsize=1024)
def matches_list(text: str, patterns: str) -> bool:
    """Whether a pattern of the comma-separated list matches, and no negated one does.

    Remembered, because thousands of tags ask about a handful of people and lines.
    """
    positive = False
    for pattern in patterns.split(","):
        wanted = pattern.removeprefix("!")
        if len(wanted) > _MAX_PATTERN:
            return False
        if not matches(text, wanted):
            continue
        if pattern.startswith("!"):
            return False
        positive = True
    return positive


def matches(text: str, pattern: str) -> bool:
    """Match the whole text, in time linear in its length for each `*` (a regular expression could explode)."""
    if "*" not in pattern and "?" not in pattern:
        return text == pattern
    at_text = at_pattern = 0
    star, resume = -1, 0
    while at_text < len(text):
        wanted = pattern[at_pattern] if at_pattern < len(pattern) else None
        if wanted == "*":
            star, resume = at_pattern, at_text
            at_pattern += 1
        elif wanted in ("?", text[at_text]):
            at_text, at_pattern = at_text + 1, at_pattern + 1
        elif star >= 0:
            resume += 1
            at_text, at_pattern = resume, star + 1
        else:
            return False
    return not pattern[at_pattern:].strip("*")


def is_literal(pattern: str) -> bool:
    """Whether a pattern names exactly one text."""
    return not (pattern.startswith("!") or "*" in pattern or "?" in pattern)
