"""Freeze windows: a promotion at the wrong minute would slip through, or a whole week be blocked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from format_strategies import only_gitreg_errors
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.freeze import Period, Weekly, parse_weekly
from gitreg.core.policy import parse_policy
from gitreg.errors import FormatError, UsageError

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
moments = st.integers(10**8, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
minutes = st.tuples(st.sampled_from(DAYS), st.integers(0, 23), st.integers(0, 59))


def policy(freeze: str) -> bytes:
    head = 'format = 1\nepoch = 1\nbranch = "main"\n[stages.production]\n[[stages.production.freeze]]\n'
    return (head + freeze).encode()


def window(freeze: str) -> Period | Weekly:
    (rule,) = parse_policy(policy(freeze)).stages.values()
    (found,) = rule.freeze
    return found


def test_a_period_begins_with_its_first_second_and_ends_before_its_last():
    """The second in which the freeze ends would belong to both sides, or to none."""
    found = window("from = 2026-12-20T00:00:00Z\nuntil = 2027-01-03T00:00:00Z\nreason = 'holidays'\n")
    start, end = datetime(2026, 12, 20, tzinfo=UTC), datetime(2027, 1, 3, tzinfo=UTC)
    assert found == Period(start, end, "holidays")
    second = timedelta(seconds=1)
    assert [found.covers(at) for at in (start - second, start, end - second, end)] == [False, True, True, False]
    assert str(found) == "2026-12-20T00:00:00Z to 2027-01-03T00:00:00Z"


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("fri 16:00 - mon 06:00", ["fri 16:00", "sat 12:00", "sun 23:59", "mon 05:59"], ["fri 15:59", "mon 06:00"]),
        ("tue 09:30 - tue 10:00", ["tue 09:30", "tue 09:59"], ["tue 09:29", "tue 10:00", "wed 09:40"]),
        ("tue 10:00 - tue 09:30", ["tue 10:00", "sun 00:00", "tue 09:29"], ["tue 09:30", "tue 09:59"]),
    ],
)
def test_a_weekly_window_may_go_over_the_weeks_end(text, inside, outside):
    """The weekend, which everybody freezes, is just the window that a comparison of two numbers gets wrong."""
    found = window(f'weekly = "{text}"')
    assert [found.covers(minute(each)) for each in inside] == [True] * len(inside)
    assert [found.covers(minute(each)) for each in outside] == [False] * len(outside)
    assert str(found) == f"every {text.replace(' - ', ' to ')} UTC"


def minute(text: str) -> datetime:
    day, clock = text.split()
    hours, minutes_ = clock.split(":")
    return MONDAY + timedelta(days=DAYS.index(day), hours=int(hours), minutes=int(minutes_), seconds=7)


@given(minutes, minutes, moments, st.integers(-12, 12))
def test_a_weekly_window_is_the_same_each_week_and_in_each_zone(start, end, at, zone):
    """Who sits elsewhere could promote while the others cannot."""
    if start == end:
        return
    text = "{} {:02}:{:02} - {} {:02}:{:02}".format(*start, *end)
    found = Weekly(*parse_weekly(text))
    assert found.covers(at) == found.covers(at + timedelta(weeks=3))
    assert found.covers(at) == found.covers(at.astimezone(timezone(timedelta(hours=zone))))
    back = Weekly(found.end, found.start)
    assert found.covers(at) != back.covers(at)


@given(st.text(max_size=24) | st.from_regex(r"[a-z]{3} [0-9]{2}:[0-9]{2} - [a-z]{3} [0-9]{2}:[0-9]{2}", fullmatch=True))
def test_any_text_is_a_weekly_window_or_refused(text):
    """A policy could stop every command with what looks like a bug of ours."""
    only_gitreg_errors(lambda: parse_weekly(text))


@pytest.mark.parametrize("text", ["fri 24:00 - mon 06:00", "fri 16:60 - sat 00:00", "Fri 16:00 - mon 06:00",
                                  "fri 16:00-mon 06:00", "fri 16:00 - fri 16:00", "friday", ""])  # fmt: skip
def test_what_is_no_window_is_refused(text):
    """A freeze with a typing error would freeze nothing."""
    with pytest.raises(UsageError) as caught:
        parse_weekly(text)
    assert "weekly = " in str(caught.value.hint)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("from = 2026-12-20T00:00:00Z", "freeze[0]: until: is missing"),
        ("until = 2026-12-20T00:00:00Z", "freeze[0]: from: is missing"),
        ("from = 2026-12-20\nuntil = 2026-12-21", "freeze[0]: from: must be a date and time"),
        ('from = "2026"', "freeze[0]: from: must be a date and time"),
        ("from = 2026-12-20T00:00:00\nuntil = 2026-12-21T00:00:00", "freeze[0]: from: must be in UTC"),
        ("from = 2026-12-20T00:00:00+01:00\nuntil = 2026-12-21T00:00:00Z", "freeze[0]: from: must be in UTC"),
        ("from = 2026-12-20T00:00:00Z\nuntil = 2026-12-19T00:00:00Z", "freeze[0]: until: the window ends before"),
        ("from = 2026-12-20T00:00:00Z\nuntil = 2026-12-20T00:00:00Z", "freeze[0]: until: the window ends before"),
        ('weekly = "fri"', "freeze[0]: weekly: not a weekly window"),
        ('weekly = "fri 16:00 - mon 06:00"\nfrom = 2026-12-20T00:00:00Z', "freeze[0]: from: unknown key"),
        ('weekly = "fri 16:00 - mon 06:00"\nreasons = "x"', "freeze[0]: reasons: unknown key"),
        ("", "freeze[0]: from: is missing"),
    ],
)
def test_mistakes_in_windows_name_their_place(text, reason):
    """Somebody would look for the typing error in the wrong window."""
    with pytest.raises(FormatError) as caught:
        parse_policy(policy(text))
    assert caught.value.message.startswith(f".gitreg/policy.toml: stages: production: {reason}")
    assert caught.value.hint
