"""Who counts beside whom must depend neither on the order of signatures nor on luck."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from gitreg.trust.distinct import most_distinct

CLAIMS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=9)


def is_distinct(claims: list[tuple[int, int]]) -> bool:
    return all(len(set(side)) == len(claims) for side in zip(*claims, strict=True))


@given(CLAIMS)
def test_nobody_and_no_key_counts_twice_and_no_larger_choice_exists(claims):
    """One person would be two, or two people one."""
    chosen = [claims[place] for place in most_distinct(claims)]
    assert is_distinct(chosen)
    assert not any(is_distinct(list(more)) for more in combinations(claims, len(chosen) + 1))


@given(CLAIMS, st.randoms())
def test_the_order_does_not_matter(claims, random):
    """Whether a promotion is possible would depend on the names of refs."""
    shuffled = random.sample(claims, len(claims))
    assert len(most_distinct(shuffled)) == len(most_distinct(claims))


def test_a_shared_key_does_not_shut_out_who_has_another():
    assert most_distinct([("bob", "shared"), ("carol", "shared"), ("bob", "own")]) == [1, 2]
