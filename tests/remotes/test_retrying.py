"""Asking again, and how much at once: through a network that fails, over each driver."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from gitreg.storage.remote.driver import DeniedError, Listing, UnavailableError
from gitreg.storage.remote.limiting import Allowance
from gitreg.storage.remote.retrying import Retrying
from tests.remotes.faults import Cut, CutUpload, Hang, Lose, answer
from tests.remotes.shaky import Shaky
from tests.storage.remote.counted import CountedDriver

KEYS = [f"objects/{number:03}" for number in range(40)]


FAULTS = {
    "throttled": answer(503, "SlowDown"),
    "server error": answer(500, "InternalError"),
    "upload cut": CutUpload(100),
    "answer lost": Lose(),
    "answer cut": Cut(3),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fifth_of_all_requests_may_fail(shaky: Shaky, fault: str):
    """A push over a bad network would never end well."""
    driver = shaky.patient()
    driver.put("warm", b"")
    shaky.proxy.add(FAULTS[fault], probability=0.2)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: driver.put(key, key.encode() * 100), KEYS))
        values = list(pool.map(driver.get, KEYS))
    assert values == [key.encode() * 100 for key in KEYS]
    assert [entry.key for entry in driver.list("objects")] == KEYS
    driver.delete(KEYS)
    assert list(driver.list("objects")) == []


def test_a_hung_connection_is_given_up(shaky: Shaky):
    """One lost packet would hold up a pull for ever."""
    driver = shaky.patient(timeout="0.5")
    driver.put("objects/a", b"a")
    shaky.proxy.add(Hang(), method="GET", times=1)
    begun = time.monotonic()
    assert driver.get("objects/a") == b"a"
    assert time.monotonic() - begun < 5


def test_no_is_not_asked_again(shaky: Shaky):
    """Accounts are locked, and people wait, for answers that do not change."""
    driver = shaky.patient()
    driver.put("objects/a", b"a")
    shaky.proxy.reset_counts()
    shaky.proxy.add(answer(403, "AccessDenied"))
    with pytest.raises(DeniedError):
        driver.get("objects/a")
    assert sum(shaky.proxy.requests.values()) == 1


def test_a_request_is_repeated_in_one_place_only(shaky: Shaky):
    """Retries of libraries under ours would multiply: a dead service would be asked for many minutes."""
    driver = shaky.patient(retries="2")
    driver.put("objects/a", b"a")
    shaky.proxy.reset_counts()
    shaky.proxy.add(answer(500, "InternalError"))
    with pytest.raises(UnavailableError):
        driver.get("objects/a")
    assert sum(shaky.proxy.requests.values()) == 3


def test_a_service_that_never_answered_is_given_up_soon(shaky: Shaky):
    """A mistyped endpoint would be told after half a minute."""
    driver = shaky.patient(**{"endpoint-url": "http://127.0.0.1:9"})
    begun = time.monotonic()
    with pytest.raises(UnavailableError):
        driver.get("objects/a")
    assert time.monotonic() - begun < 15


class BrokenListing(CountedDriver):
    """Its listings break off after so many keys."""

    def __init__(self, listing: Listing, breaks: list[int]) -> None:
        super().__init__(listing)
        self.breaks = breaks

    def list(self, prefix: str, after: str = ""):
        left = self.breaks.pop() if self.breaks else None
        for number, entry in enumerate(super().list(prefix, after)):
            if number == left:
                raise UnavailableError("broken off")
            yield entry


def listed(listing: Listing, *breaks: int) -> list[str]:
    inner = BrokenListing(listing, list(breaks))
    inner.fill(dict.fromkeys(KEYS, b""))
    return [entry.key for entry in Retrying(inner, retries=3).list("objects")]


@pytest.mark.parametrize("breaks", [[0], [7], [0, 0], [39], [5, 0, 5, 1]])
def test_a_listing_is_taken_up_where_it_broke_off(breaks: list[int]):
    """gc would see half of a store, or each object twice."""
    assert listed(Listing.SEEKABLE, *breaks) == KEYS


def test_a_listing_without_order_is_not_taken_up():
    """Keys before the last one that was seen would be missing from it."""
    assert listed(Listing.WALKED, 0) == KEYS
    with pytest.raises(UnavailableError):
        listed(Listing.WALKED, 7)


def test_fewer_at_once_when_the_service_is_in_trouble():
    """A storm of clients that do not slow down keeps a service from coming back."""
    allowance = Allowance(first=8, most=16)
    together = [allowance.taken() for _ in range(8)]
    for each in together:
        each.__enter__()
    for each in together:
        assert not each.__exit__(UnavailableError, UnavailableError("later"), None)
    assert allowance.limit == 4  # they tell of one trouble, not of eight
    for slow_down, limit in ((False, 4), (True, 1)):  # chance alone does not bring it down to one by one
        for _ in range(10):
            with pytest.raises(UnavailableError), allowance.taken():
                raise UnavailableError("later", slow_down=slow_down)
        assert allowance.limit == limit


def test_more_at_once_while_all_is_well_but_not_without_end():
    """A fast network would be left unused after one bad moment."""
    allowance = Allowance(first=1, most=4)
    for _ in range(1 + 2 + 3):
        with allowance.taken():
            pass
    assert allowance.limit == 4
    for _ in range(50):
        with allowance.taken():
            pass
    assert allowance.limit == 4


def test_no_more_than_allowed_are_under_way():
    """The limit would be a number that nobody keeps to."""
    allowance, under_way, most = Allowance(first=3, most=3), [], []

    def work(_: int) -> None:
        with allowance.taken():
            under_way.append(threading.get_ident())
            most.append(len(under_way))
            time.sleep(0.005)
            under_way.pop()

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(40)))
    assert max(most) <= 3
