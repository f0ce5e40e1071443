"""Bulk work on this machine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Final

from gitreg.storage.bulk.work import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitreg.storage.bulk.work import PartDone, Work

# Each part's objects go side by side as well; a few parts at once keep that going at the seams.
_AT_ONCE: Final = 4


class Threads:
    """The Runner that needs nothing."""

    def run(self, work: Work) -> Iterator[PartDone]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            waiting = [pool.submit(work, part) for part in PARTS]
            try:
                for done in as_completed(waiting):
                    yield done.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
