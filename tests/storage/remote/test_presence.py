"""Asking what a service has: always the truth, and never more requests than the cheaper way takes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitreg.core.digest import Digest
from gitreg.storage.layout import object_path
from gitreg.storage.remote.driver import Listing
from gitreg.storage.remote.presence import Presence
from tests.storage.remote.counted import CountedDriver


def keys(first: int, count: int) -> list[str]:
    return [object_path(Digest.of(b"%d" % number)) for number in range(first, first + count)]


def filled(count: int, listing: Listing = Listing.SEEKABLE) -> CountedDriver:
    driver = CountedDriver(listing)
    driver.fill(dict.fromkeys(keys(0, count), b"12345"))
    return driver


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(Listing),
    st.sampled_from([0, 3, 999, 1000, 1001, 7000]),
    st.lists(st.tuples(st.integers(0, 8000), st.sampled_from([1, 3, 10, 300])), max_size=4),
)
def test_however_it_asks_the_answer_is_what_is_there(listing, count, questions):
    """A push would leave out a chunk that nobody has, or send all of them."""
    driver = filled(count, listing)
    presence = Presence(driver, 4)
    for first, asked in questions:
        wanted = keys(first, asked)
        assert presence.sizes(wanted) == {key: 5 for key in wanted if key in driver.values}


@pytest.mark.parametrize("listing", [Listing.PAGED, Listing.SEEKABLE])
@pytest.mark.parametrize(
    ("stored", "asked", "most"),
    [(0, 1, 1), (0, 900, 1), (900, 900, 1), (50_000, 3, 3), (50_000, 30, 31), (50_000, 20_000, 58), (9000, 800, 14)],
)
def test_it_takes_the_cheaper_way(listing, stored, asked, most):
    """Three chunks would cost a listing of the whole bucket, or a whole artifact a request for each chunk."""
    driver = filled(stored, listing)
    Presence(driver, 4).sizes(keys(stored - asked // 2, asked))
    assert driver.requests.total() <= most


def test_asking_one_at_a_time_costs_little_more_than_asking_at_once():
    """`add --push` learns of its chunks one after the other, and would pay a request for each."""
    driver = filled(9000)
    presence = Presence(driver, 4)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda key: presence.sizes([key]), keys(8500, 1000)))
    assert sum(map(len, answers)) == 500
    assert driver.requests.total() < 40


def test_a_walked_service_is_listed_by_the_directories_that_matter():
    """An SFTP server would be walked from end to end for a handful of objects."""
    driver = filled(100, Listing.WALKED)
    presence = Presence(driver, 4)
    presence.sizes(keys(0, 20))
    assert driver.requests.total() <= 20
    driver.requests.clear()
    presence.sizes(keys(0, 3000))
    assert driver.requests == {"LIST": 256}


def test_what_was_just_written_is_there_although_the_listing_lags():
    """A push would fail on its own objects."""
    driver = CountedDriver()
    presence = Presence(driver, 4)
    wanted = keys(0, 10)
    assert presence.sizes(wanted) == {}
    presence.note(wanted[0], 5)
    assert presence.sizes(wanted) == {wanted[0]: 5}
    presence.forget(wanted[0])
    assert presence.sizes(wanted) == {}


def test_a_larger_store_than_can_be_remembered_is_still_told_right(monkeypatch):
    """Memory would grow with the bucket, or the answer be wrong where it must not."""
    monkeypatch.setattr("gitreg.storage.remote.presence._MOST_REMEMBERED", 2000)
    driver = filled(9000)
    presence = Presence(driver, 4)
    wanted = keys(8500, 1000)
    assert len(presence.sizes(wanted)) == 500
    assert len(presence._sizes) < 2000
    assert presence.sizes(keys(8990, 5)).keys() == set(keys(8990, 5))


@pytest.mark.parametrize("listing", Listing)
@pytest.mark.parametrize("stored", [0, 9000])
def test_what_was_written_is_there_although_not_all_of_it_is_remembered(monkeypatch, listing, stored):
    """A mirror of a petabyte would take 20 GB of memory, or upload a second time what it had forgotten."""
    monkeypatch.setattr("gitreg.storage.remote.presence._MOST_REMEMBERED", 100)
    driver = filled(stored, listing)
    presence = Presence(driver, 4)
    presence.sizes(keys(stored, 30))
    written = keys(stored, 450)
    driver.fill(dict.fromkeys(written, b"12345"))
    for key in written:
        presence.note(key, 5)
        assert len(presence._noted) <= 100
    assert presence.sizes(written) == dict.fromkeys(written, 5)
    assert [presence.sizes([key]) for key in written[:5]] == [{key: 5} for key in written[:5]]
    assert presence.sizes(keys(stored + 450, 50)) == {}


def test_strangers_keys_do_no_harm():
    """A file that somebody put into the bucket would break every push."""
    driver = filled(1500)
    driver.fill({f"objects/{name}": b"" for name in ("README", "zz/zz", "0", "00/x")})
    assert len(Presence(driver, 4).sizes(keys(0, 1600))) == 1500
