"""Freeze windows: times, in UTC, at which nothing may be promoted.  Whose clock says what time it is, others decide."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from gitreg.core.text import escape
from gitreg.core.toml import Table
from gitreg.errors import UsageError

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY: Final = 24 * 60
_WEEK: Final = 7 * _DAY
_TIME = r"(mon|tue|wed|thu|fri|sat|sun) ([01][0-9]|2[0-3]):([0-5][0-9])"
_WEEKLY: Final = re.compile(f"{_TIME} - {_TIME}")
_NOTATION: Final = 'as in weekly = "fri 16:00 - mon 06:00", in UTC'


class Period(NamedTuple):
    """From one moment (included) to another (not included), once."""

    start: datetime
    end: datetime
    reason: str = ""

    def covers(self, at: datetime) -> bool:
        return self.start <= at < self.end

    def __str__(self) -> str:
        return f"{_moment(self.start)} to {_moment(self.end)}"


class Weekly(NamedTuple):
    """From one minute of the week (included; 0 is Monday 00:00 UTC) to another (not included), every week."""

    start: int
    end: int
    reason: str = ""

    def covers(self, at: datetime) -> bool:
        at = at.astimezone(UTC)
        minute = at.weekday() * _DAY + at.hour * 60 + at.minute
        # counted from the start, so that a window over the week's end is one like any other
        return (minute - self.start) % _WEEK < (self.end - self.start) % _WEEK

    def __str__(self) -> str:
        return f"every {_minute(self.start)} to {_minute(self.end)} UTC"


Freeze = Period | Weekly


def parse_weekly(text: str) -> tuple[int, int]:
    """The minutes of the week in `fri 16:00 - mon 06:00`.  Raises UsageError."""
    found = _WEEKLY.fullmatch(text)
    if found is None:
        raise UsageError(f"not a weekly window: '{escape(text[:80])}'", hint=_NOTATION)
    start, end = (_DAYS.index(found[at]) * _DAY + int(found[at + 1]) * 60 + int(found[at + 2]) for at in (1, 4))
    if start == end:
        raise UsageError(f"a weekly window that ends as it begins: '{text}'", hint=_NOTATION)
    return start, end


def read_freeze(table: Table) -> Freeze:
    """One `[[stages.NAME.freeze]]` table.  Raises FormatError."""
    reason = escape(table.optional("reason", str) or "")
    if "weekly" in table.names():
        start, end = table.parsed("weekly", parse_weekly)
        table.finish()
        return Weekly(start, end, reason)
    period = Period(_utc(table, "from"), _utc(table, "until"), reason)
    table.finish()
    if period.end <= period.start:
        raise table.fail("until", "the window ends before it begins", hint="`until` is later than `from`")
    return period


def _utc(table: Table, key: str) -> datetime:
    moment = table.required(key, datetime)
    if moment.utcoffset() != timedelta(0):
        raise table.fail(key, "must be in UTC", hint=f"end it with Z, as in {key} = 2026-12-20T00:00:00Z")
    return moment.astimezone(UTC)


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _minute(minute: int) -> str:
    day, rest = divmod(minute, _DAY)
    return f"{_DAYS[day]} {rest // 60:02}:{rest % 60:02}"
