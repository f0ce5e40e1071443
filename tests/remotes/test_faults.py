"""What each driver makes of each fault of a network or a service: the kind of error decides whether to ask again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitreg.errors import StorageError
from gitreg.storage.remote.driver import AbsentError, DeniedError, Driver, UnavailableError
from tests.remotes.faults import Answer, Corrupt, Cut, CutUpload, Fault, Hang, Lose, Shorten, answer
from tests.remotes.shaky import Shaky
from tests.servers.server import Place

VALUE = bytes(range(256)) * 20
REQUESTS: dict[str, Callable[[Driver], object]] = {
    "get": lambda driver: driver.get("objects/a"),
    "put": lambda driver: driver.put("objects/b", memoryview(VALUE)),
    "list": lambda driver: list(driver.list("objects")),
    "copy": lambda driver: driver.copy("objects/a", "objects/c"),
    "delete": lambda driver: driver.delete(["objects/x", "objects/y"]),
}
CASES = {
    "throttled": (answer(503, "SlowDown"), UnavailableError, "fewer requests"),
    "server error": (answer(500, "InternalError"), UnavailableError, "the service failed"),
    "too many requests": (Answer(429), UnavailableError, "fewer requests"),
    "bad gateway": (Answer(502, b"<html>"), UnavailableError, "the service failed"),
    "expired": (answer(400, "ExpiredToken"), DeniedError, "have expired"),
    "wrong key": (answer(403, "InvalidAccessKeyId"), DeniedError, "does not accept"),
    "forbidden": (answer(403, "AccessDenied"), DeniedError, "do not allow"),
    "clock": (answer(403, "RequestTimeTooSkewed"), DeniedError, "clock"),
    "no bucket": (answer(404, "NoSuchBucket"), DeniedError, "no such bucket"),
    "other region": (answer(400, "IllegalLocationConstraintException"), DeniedError, "another region"),
    "answer lost": (Lose(), UnavailableError, "broke off"),
    "hung": (Hang(), UnavailableError, "no answer in time"),
}


@pytest.fixture
def driver(shaky: Shaky) -> Driver:
    """It holds `objects/a`."""
    driver = shaky.bare()
    driver.put("objects/a", VALUE)
    return driver


def failing(shaky: Shaky, fault: Fault, request: Callable[[], object]) -> StorageError:
    shaky.proxy.add(fault)
    with pytest.raises(StorageError) as caught:
        request()
    return caught.value


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("request_", REQUESTS)
def test_each_fault_has_its_kind_and_one_clear_line(shaky: Shaky, driver: Driver, case: str, request_: str):
    """What is transient would end a push, what is final would be asked for again, and nobody would know why."""
    fault, kind, words = CASES[case]
    error = failing(shaky, fault, lambda: REQUESTS[request_](driver))
    assert type(error) is kind
    if (shaky.place.options["driver"], request_) != ("fsspec", "copy"):  # s3fs looks first, and no word fits into that
        assert words in error.message
    assert "\n" not in error.message
    assert error.hint
    assert getattr(error, "slow_down", False) == (words == "fewer requests")


REFUSED = b"<DeleteResult><Error><Key>team/models/objects/x</Key><Code>%s</Code><Message/></Error></DeleteResult>"
DELETIONS = {b"AccessDenied": DeniedError, b"InternalError": UnavailableError, b"SlowDown": UnavailableError}


@pytest.mark.parametrize("code", DELETIONS)
def test_a_deletion_that_is_refused_in_a_good_answer(shaky: Shaky, driver: Driver, code: bytes):
    """gc would report as removed, and `remote check` as allowed, what the service refused."""
    error = failing(shaky, Answer(200, REFUSED % code), lambda: REQUESTS["delete"](driver))
    assert type(error) is DELETIONS[code]


def test_a_deletion_that_is_refused_for_a_value_that_nobody_named(shaky: Shaky, driver: Driver):
    """obstore panics, which is no Exception: one hostile answer would end gc with a traceback."""
    error = failing(
        shaky, Answer(200, REFUSED.replace(b"objects/x", b"z") % b"Any"), lambda: REQUESTS["delete"](driver)
    )
    assert type(error) is StorageError
    assert "\n" not in error.message
    assert error.hint


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_a_look_that_fails_is_not_a_value_that_is_absent(shaky: Shaky, driver: Driver, status: int):
    """An object would be uploaded again, or said to be lost, because a service was in trouble."""
    shaky.proxy.add(Answer(status), method="HEAD")
    if status == 404:
        assert driver.head("objects/a") is None
        return
    with pytest.raises(DeniedError if status == 403 else UnavailableError):
        driver.head("objects/a")


def test_a_bucket_that_is_not_there_is_no_absent_value(shaky: Shaky):
    """A typo in a bucket's name would read as an empty store."""
    wrong = Shaky(Place("s3://nobody-made-this/team", shaky.place.options), shaky.proxy).bare()
    for request in REQUESTS.values():
        with pytest.raises(DeniedError, match="no such bucket"):
            request(wrong)


@pytest.mark.parametrize("shaky", ["obstore"], indirect=True)
def test_a_redirect_to_another_region(shaky: Shaky, driver: Driver):
    """AWS answers so in path style; botocore goes there by itself."""
    error = failing(shaky, answer(301, "PermanentRedirect"), lambda: driver.get("objects/a"))
    assert type(error) is DeniedError
    assert "region" in error.hint


def test_what_is_absent_is_absent_and_nothing_else(driver: Driver):
    """A missing object would be taken for a service in trouble, and asked for again and again."""
    with pytest.raises(AbsentError):
        driver.get("objects/x")
    with pytest.raises(AbsentError):
        driver.copy("objects/x", "objects/y")
    assert driver.head("objects/x") is None
    assert list(driver.list("nothing")) == []
    driver.delete(["objects/x"])


@pytest.mark.parametrize("after", [0, 1000])
@pytest.mark.parametrize("request_", ["get", "list"])
def test_an_answer_that_breaks_off_is_no_answer(shaky: Shaky, driver: Driver, request_: str, after: int):
    """Half of an object, or of a listing, would be taken for all of it."""
    for number in range(8):  # so that the listing, too, is longer than what comes through
        driver.put(f"objects/more-{number}", b"")
    error = failing(shaky, Cut(after), lambda: REQUESTS[request_](driver))
    assert type(error) is UnavailableError


@pytest.mark.parametrize("after", [0, 1000])
def test_an_upload_that_breaks_off_leaves_nothing(shaky: Shaky, driver: Driver, after: int):
    """Half of an object would stand under its name (W2)."""
    error = failing(shaky, CutUpload(after), lambda: driver.put("objects/b", VALUE))
    assert type(error) is UnavailableError
    shaky.proxy.clear()
    assert driver.head("objects/b") is None


@pytest.mark.parametrize("fault", [Corrupt(7), Shorten(100)])
def test_silent_damage_is_seen_by_checksums_or_not_at_all(shaky: Shaky, driver: Driver, fault: Fault):
    """Tests that rely on the proxy to damage objects would test nothing; what a driver lets pass is for digests."""
    shaky.proxy.add(fault)
    if shaky.place.options["driver"] == "fsspec":  # botocore compares the checksum that was stored with the value
        with pytest.raises(UnavailableError):
            driver.get("objects/a")
    else:
        assert driver.get("objects/a") in {VALUE[:7] + bytes([VALUE[7] ^ 1]) + VALUE[8:], VALUE[:-100]}


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "http://no-such-host.invalid"])
def test_a_service_that_is_away(shaky: Shaky, endpoint: str):
    """A mistyped endpoint would end in a traceback."""
    driver = shaky.bare(**{"endpoint-url": endpoint})
    with pytest.raises(UnavailableError, match=r"nothing answers|host's name") as caught:
        driver.get("objects/a")
    assert "endpoint-url" in caught.value.hint


@pytest.mark.parametrize("case", CASES)
def test_no_message_holds_a_secret(shaky: Shaky, driver: Driver, case: str):
    """Credentials and signed links would end up in logs."""
    error = failing(shaky, CASES[case][0], lambda: driver.get("objects/a"))
    said = f"{error.message} {error.hint} {error.__cause__}"
    options = shaky.place.options
    assert not [word for word in (options["key"], options["secret"], "Signature", "Credential=") if word in said]


def test_an_option_that_no_driver_knows(shaky: Shaky):
    """A misspelt option would end in a traceback."""
    with pytest.raises(StorageError, match="does not take all options"):
        shaky.bare(driver="fsspec", regoin="here").get("objects/a")
