"""Asking again where that may help, later and later, each client at a time of its own."""

from __future__ import annotations

import random
import time
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, TypeVar

from gitreg.storage.remote.driver import Listing, UnavailableError
from gitreg.storage.remote.wrapping import Wrapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitreg.storage.remote.driver import Driver, Entry

T = TypeVar("T")
_FIRST_SECONDS: Final = 0.2
_FACTOR: Final = 3
_LONGEST_SECONDS: Final = 10.0
# A service that has never answered is likelier mistyped than in trouble; nobody should wait long to be told.
_UNKNOWN_RETRIES: Final = 3


class Retrying(Wrapping):
    """A Driver that repeats what failed with UnavailableError; every request of a driver may be done twice."""

    def __init__(self, inner: Driver, retries: int) -> None:
        super().__init__(inner)
        self._retries = retries
        self._known = False

    def run(self, request: Callable[[], T]) -> T:
        done = 0
        while True:
            try:
                answer = request()
            except UnavailableError:
                if done >= (self._retries if self._known else min(self._retries, _UNKNOWN_RETRIES)):
                    raise
                time.sleep(_pause(done))
                done += 1
            else:
                self._known = True
                return answer

    def list(self, prefix: str, after: str = "") -> Iterator[Entry]:
        """Taken up again behind the last key; where keys come in no order, only as long as none has come."""
        last, rest = after, self.run(partial(self._begin, prefix, after))
        while True:
            try:
                for entry in rest:
                    last = entry.key
                    yield entry
            except UnavailableError:
                if self.listing is Listing.WALKED:
                    raise
                rest = self.run(partial(self._begin, prefix, last))
            else:
                return

    def _begin(self, prefix: str, after: str) -> Iterator[Entry]:
        """A listing whose first request is done."""
        entries = self.inner.list(prefix, after)
        first = tuple(islice(entries, 1))
        return chain(first, entries)


def _pause(done: int) -> float:
    """Anything up to a bound that grows ("full jitter"), so that clients do not come back in step."""
    return random.uniform(0, min(_LONGEST_SECONDS, _FIRST_SECONDS * _FACTOR**done))  # noqa: S311 - not a secret
