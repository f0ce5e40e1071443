"""Which keys a service has: asked one by one or listed, whichever takes fewer requests.  Knows nothing of objects.

Keys spread evenly, so the first page of a listing tells how many there are: it covers as much of them as its last key
lies beyond the first possible one.  What was seen is remembered, for as long as a command runs: nobody's gc takes
away what was there a moment ago, and what appears meanwhile is stored once more, which is harmless.  Of what a command
writes itself only so much is remembered; the rest is asked for like anything else.
"""

from __future__ import annotations

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, repeat
from typing import TYPE_CHECKING, Final

from gitreg.storage.layout import OBJECTS
from gitreg.storage.remote.driver import PAGE, Listing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from gitreg.storage.remote.driver import Driver, Entry

# So many requests for single keys are cheaper, in time and money, than one for a page full of others.
_FEW: Final = 4
# Of a larger store, only what was asked for is remembered: at some 200 bytes a key, this is 50 MB.
_MOST_REMEMBERED: Final = 256 * PAGE
_DIRECTORIES: Final = 256
_BEYOND: Final = f"{OBJECTS}0"  # greater than every key: the character after "/"


class Presence:
    """The keys of one store; for many threads."""

    def __init__(self, driver: Driver, jobs: int) -> None:
        self._driver = driver
        self._jobs = jobs
        self._planning = threading.Lock()
        self._sizes: dict[str, int] = {}
        self._noted: dict[str, int] = {}  # replaced when the oldest are forgotten, so that who looks into it may go on
        self._covered = ""  # a key up to here is there only if one of the two has it
        self._pages_left = math.inf
        self._heads = 0

    def sizes(self, keys: Collection[str]) -> dict[str, int]:
        """Those of the keys that are there, with the sizes of their values."""
        noted = self._noted  # before `_covered` is looked at: what is forgotten is not covered any more
        if self._unknown(keys, noted):
            with self._planning:
                single = self._list_where_cheaper(self._unknown(keys, noted))
            self._ask(single)
        found = ((key, noted.get(key, self._sizes.get(key))) for key in keys)
        return {key: size for key, size in found if size is not None}

    def note(self, key: str, size: int) -> None:
        """It is there now, whatever a listing says that lags behind."""
        self._noted[key] = size
        if len(self._noted) > _MOST_REMEMBERED:
            self._forget_oldest()

    def forget(self, key: str) -> None:
        """It is not there any more."""
        self._sizes.pop(key, None)
        self._noted.pop(key, None)

    def _forget_oldest(self) -> None:
        with self._planning:
            if len(self._noted) > _MOST_REMEMBERED:  # nobody else has done it meanwhile
                self._covered = ""
                self._noted = dict(islice(self._noted.copy().items(), _MOST_REMEMBERED // 2, None))

    def _unknown(self, keys: Iterable[str], noted: Mapping[str, int]) -> list[str]:
        return [key for key in keys if key > self._covered and key not in self._sizes and key not in noted]

    def _list_where_cheaper(self, keys: list[str]) -> list[str]:
        """The keys that are still to be asked for.

        Who asks for a few at a time, again and again, has the rest listed once that would have been cheaper.
        """
        if self._driver.listing is Listing.WALKED:
            return self._list_directories(keys)
        if not self._covered and self._heads + len(keys) > _FEW:
            self._list_first_page()
            keys = self._unknown(keys, {})
        remembering = self._pages_left * PAGE <= _MOST_REMEMBERED
        if len(keys) + (self._heads if remembering else 0) > self._pages_left and keys:
            self._list_rest(None if remembering else frozenset(keys))
            return []
        self._heads += len(keys)
        return keys

    def _list_first_page(self) -> None:
        page = list(islice(self._driver.list(OBJECTS), PAGE))
        self._sizes |= {entry.key: entry.size for entry in page}
        if len(page) < PAGE:
            self._covered = _BEYOND
        else:
            self._covered = page[-1].key
            self._pages_left = 1 / part - 1 if (part := _position(self._covered)) else math.inf

    def _list_rest(self, wanted: Collection[str] | None) -> None:
        """List what lies beyond the first page, in several places at once where the service can begin anywhere."""
        starts = self._starts()
        with ThreadPoolExecutor(len(starts)) as pool:
            for found in pool.map(self._list_range, starts, [*starts[1:], _BEYOND], repeat(wanted)):
                self._sizes |= found
        if wanted is None:
            self._covered = _BEYOND

    def _starts(self) -> list[str]:
        if self._driver.listing is not Listing.SEEKABLE:
            return [self._covered]
        shares = max(1, min(self._jobs, int(self._pages_left)))
        first = int((_position(self._covered) or 0) * _DIRECTORIES) + 1
        step = max(1, math.ceil((_DIRECTORIES - first) / shares))
        return [self._covered, *(f"{OBJECTS}/{number:02x}" for number in range(first + step, _DIRECTORIES, step))]

    def _list_range(self, after: str, until: str, wanted: Collection[str] | None) -> dict[str, int]:
        found = {}
        for entry in self._driver.list(OBJECTS, after):
            if entry.key > until:
                break
            if wanted is None or entry.key in wanted:
                found[entry.key] = entry.size
        return found

    def _list_directories(self, keys: list[str]) -> list[str]:
        directories = sorted({key.rpartition("/")[0] for key in keys})
        if len(keys) <= max(_FEW, len(directories)):
            return keys
        wanted = frozenset(keys)
        with ThreadPoolExecutor(self._jobs) as pool:
            for page in pool.map(lambda directory: list(self._driver.list(directory)), directories):
                self._sizes |= {entry.key: entry.size for entry in page if entry.key in wanted}
        return []

    def _ask(self, keys: list[str]) -> None:
        if len(keys) <= 1:  # not worth threads
            self._take(map(self._driver.head, keys))
            return
        with ThreadPoolExecutor(min(self._jobs, len(keys))) as pool:
            self._take(pool.map(self._driver.head, keys))

    def _take(self, entries: Iterable[Entry | None]) -> None:
        self._sizes |= {entry.key: entry.size for entry in entries if entry is not None}


def _position(key: str) -> float | None:
    """How much of all possible keys comes before this one; None if that can't be told."""
    _, _, rest = key.partition("/")
    directory, _, name = rest.partition("/")
    # a name repeats its directory; if it should not, the directory alone must do
    digits = name[:8] if name.startswith(directory) else f"{directory}8"
    try:
        return int(digits, 16) / 16.0 ** len(digits)
    except ValueError:
        return None
