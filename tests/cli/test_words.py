"""The words people type: times and K=V.  A wrong word is a usage mistake, never a guess."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.cli.figures import moment
from gitreg.cli.params import parse_metric, parse_param
from gitreg.cli.times import parse_time
from gitreg.errors import UsageError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-02-01", "2026-02-01T00:00:00Z"),
        ("2026-02-01T10:30:00Z", "2026-02-01T10:30:00Z"),
        ("2026-02-01 10:30", "2026-02-01T10:30:00Z"),
        ("2026-02-01T10:30:00+02:00", "2026-02-01T08:30:00Z"),
        ("30 days ago", "2026-01-30T12:00:00Z"),
        ("an hour ago", "2026-03-01T11:00:00Z"),
        ("1 Week Ago", "2026-02-22T12:00:00Z"),
        ("yesterday", "2026-02-28T12:00:00Z"),
        ("now", "2026-03-01T12:00:00Z"),
    ],
)
def test_times_are_understood(text: str, meant: str):
    assert moment(parse_time(text, NOW)) == meant


@pytest.mark.parametrize("text", ["", "soon", "days ago", "-3 days ago", "2026-13-01", "999999 years ago", "\x1b[2J"])
def test_other_times_are_refused(text: str):
    with pytest.raises(UsageError) as refused:
        parse_time(text, NOW)
    assert refused.value.message.isprintable()


@given(st.text())
def test_any_text_is_a_time_or_a_usage_mistake(text: str):
    with suppress(UsageError):
        assert parse_time(text, NOW).tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("epochs=3", ("epochs", 3)),
        ("lr=1e-3", ("lr", 0.001)),
        ("shuffle=true", ("shuffle", True)),
        ("name=resnet", ("name", "resnet")),
        ("url=a=b", ("url", "a=b")),
        ('tag="3"', ("tag", "3")),
        ("empty=", ("empty", "")),
    ],
)
def test_params_have_the_type_they_look_like(text: str, pair: tuple[str, object]):
    key, value = parse_param(text)
    assert (key, value) == pair
    assert type(value) is type(pair[1])


@pytest.mark.parametrize("text", ["accuracy", "=3", "", " =3", "loss=nan", "loss=inf", "loss=-inf", "loss=1e999"])
def test_wrong_params_and_metrics_are_refused(text: str):
    for parse in (parse_param, parse_metric):
        with pytest.raises(UsageError):
            parse(text)


@pytest.mark.parametrize("text", ["accuracy=high", "accuracy=true", 'accuracy="1"', "accuracy="])
def test_metrics_are_numbers(text: str):
    with pytest.raises(UsageError):
        parse_metric(text)
