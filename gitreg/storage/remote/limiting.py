"""How many requests are under way at once: more while all goes well, half as many when the service is in trouble."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from gitreg.storage.remote.driver import UnavailableError
from gitreg.storage.remote.wrapping import Wrapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitreg.storage.remote.driver import Driver

T = TypeVar("T")
_AT_FIRST: Final = 32
_AT_MOST: Final = 256
# Connections that break by chance are no reason to go one by one; a service that asks for it is.
_LEAST: Final = 4
_ASKED_FOR: Final = 1


class Limiting(Wrapping):
    """A Driver whose requests share one allowance, whichever threads they come from."""

    def __init__(self, inner: Driver) -> None:
        super().__init__(inner)
        self._allowance = Allowance(_AT_FIRST, _AT_MOST)

    def run(self, request: Callable[[], T]) -> T:
        with self._allowance.taken():
            return request()


class Allowance:
    """A semaphore that grows by one per full round of good answers and is halved by a bad one (TCP's AIMD)."""

    def __init__(self, first: int, most: int) -> None:
        self.limit = first
        self._most = most
        self._under_way = 0
        self._good = 0
        self._halvings = 0
        self._changed = threading.Condition()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait until a request may begin; how it ends decides on the next ones."""
        with self._changed:
            self._changed.wait_for(lambda: self._under_way < self.limit)
            self._under_way += 1
            halvings = self._halvings
        try:
            yield
        except UnavailableError as error:
            self._leave(partial(self._halve, halvings, _ASKED_FOR if error.slow_down else _LEAST))
            raise
        except BaseException:
            self._leave(self._grow)
            raise
        self._leave(self._grow)

    def _leave(self, adapt: Callable[[], None]) -> None:
        with self._changed:
            self._under_way -= 1
            adapt()
            self._changed.notify_all()

    def _halve(self, halvings: int, least: int) -> None:
        """Once for all that were under way together: they tell of one trouble, not of many."""
        if halvings == self._halvings:
            self.limit = min(self.limit, max(least, self.limit // 2))
            self._halvings += 1
            self._good = 0

    def _grow(self) -> None:
        self._good += 1
        if self._good >= self.limit:
            self._good = 0
            self.limit = min(self._most, self.limit + 1)
