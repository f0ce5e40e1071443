"""How long work tells how far it is."""

from __future__ import annotations

import threading
from collections.abc import Callable

# Called with bytes done and bytes in all; never by two threads at once.
OnProgress = Callable[[int, int], None]


class Progress:
    """Adds up what several threads have done and passes it on."""

    def __init__(self, total: int, report: OnProgress | None) -> None:
        self._total = total
        self._report = report
        self._done = 0
        self._lock = threading.Lock()

    def advance(self, done: int) -> None:
        """Count `done` more bytes."""
        if self._report is None:
            return
        with self._lock:
            self._done += done
            self._report(self._done, self._total)
