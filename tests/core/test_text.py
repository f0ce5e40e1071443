"""`escape` guards every message: one character let through, and a tag writes on its reader's terminal."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.text import escape


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("mnist v1.0.0", "mnist v1.0.0"),
        ("Zoë Müller 模型", "Zoë Müller 模型"),
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("one\ntwo\r", r"one\x0atwo\x0d"),
        ("ok\u202eko", r"ok\u202eko"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("tag\U000e0001", r"tag\U000e0001"),
        ("c1\x9b31m", r"c1\x9b31m"),
        ("file\udcff", r"file\xff"),
        ("non\xa0breaking", r"non\xa0breaking"),
        ("", ""),
    ],
)
def test_shows_what_a_terminal_would_obey(raw: str, shown: str):
    assert escape(raw) == shown


@given(st.text(st.characters(exclude_categories=())))
def test_result_is_one_printable_line_and_stable(text: str):
    shown = escape(text)
    assert shown.isprintable()
    assert not any(unicodedata.category(char).startswith("C") for char in shown)
    assert escape(shown) == shown
    shown.encode()  # no lone surrogate is left to blow up a later write
