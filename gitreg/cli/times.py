"""Moments as people type them: ISO 8601, `30 days ago`, `yesterday`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from gitreg.core.text import escape
from gitreg.errors import UsageError

_AGO = re.compile(r"(\d{1,6}|an?)\s+(second|minute|hour|day|week|month|year)s?\s+ago")
_UNITS = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}
_WORDS = {"now": timedelta(0), "yesterday": timedelta(days=1)}


def parse_time(text: str, now: datetime) -> datetime:
    """A moment in UTC; without an offset UTC is meant, as in everything that gitreg prints.  Raises UsageError."""
    words = text.strip().lower()
    try:
        if words in _WORDS:
            return now - _WORDS[words]
        if match := _AGO.fullmatch(words):
            return now - _length(match[1], match[2])
        parsed = datetime.fromisoformat(text.strip())
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"not a time: '{escape(text[:64])}'", hint="use 2026-03-01, 2026-03-01T12:00:00Z or '30 days ago'"
        ) from None


def _length(count: str, unit: str) -> timedelta:
    return _UNITS[unit] * (int(count) if count.isdigit() else 1)
