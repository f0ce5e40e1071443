"""A pattern that matches more than OpenSSH's does hands a stranger somebody's name."""

import time

import pytest

from gitreg.trust.patterns import is_literal, matches, matches_list


@pytest.mark.parametrize(
    ("patterns", "text", "matched"),
    [
        ("a@x", "a@x", True),
        ("a@x", "A@x", False),
        ("*@x", "a@x", True),
        ("*@x", "a@xy", False),
        ("?@x", "@x", False),
        ("*", "", True),
        ("a*b*c", "abbcbc", True),
        ("a*b*c", "abbcb", False),
        ("b@x,a@x", "a@x", True),
        ("*,!a@x", "a@x", False),
        ("!a@x,*", "a@x", False),
        ("!b@x", "a@x", False),
        ("*," + "x" * 1023, "a@x", False),
        ("*," + "x" * 1022, "a@x", True),
        ("[a]", "a", False),
    ],
)
def test_lists_match_as_in_openssh(patterns: str, text: str, matched: bool):
    assert matches_list(text, patterns) is matched


def test_a_hostile_pattern_costs_no_time():
    started = time.monotonic()
    assert not matches("a" * 5000, "*a" * 50 + "b")
    assert time.monotonic() - started < 5


def test_only_plain_names_name_somebody():
    assert is_literal("a@x")
    assert not any(map(is_literal, ("*@x", "a?", "!a@x")))
