"""How many requests are under way at once: more while all goes well, half as many when the service is in trouble."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from gitreg.storage.remote.driver import UnavailableError
from gitreg.storage.remote.wrapping import Wrapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitreg.storage.remote.driver import Driver

T = TypeVar("T")
_AT_FIRST: Final = 32
_AT_MOST: Final = 256


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
        except UnavailableError:
            self._leave(halvings=halvings, failed=True)
            raise
        except BaseException:
            self._leave(halvings=halvings, failed=False)
            raise
        self._leave(halvings=halvings, failed=False)

    def _leave(self, *, halvings: int, failed: bool) -> None:
        with self._changed:
            self._under_way -= 1
            if not failed:
                self._grow()
            elif halvings == self._halvings:  # those that were under way together tell of one trouble, not of many
                self.limit = max(1, self.limit // 2)
                self._halvings += 1
                self._good = 0
            self._changed.notify_all()

    def _grow(self) -> None:
        self._good += 1
        if self._good >= self.limit:
            self._good = 0
            self.limit = min(self._most, self.limit + 1)
