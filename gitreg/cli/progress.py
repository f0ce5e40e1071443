"""A byte progress bar on stderr, for terminals.  Reports from many threads; draws a few times a second."""

from __future__ import annotations

import sys
import threading
import time

from gitreg.cli.figures import size
from gitreg.core.text import escape

_INTERVAL = 0.1
_WIDTH = 24
_CLEAR = "\r\x1b[K"


class Bar:
    """Draws itself in place, and is gone when the step is over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._label = ""
        self._total: int | None = None
        self._count = 0
        self._started = self._drawn = 0.0

    def start(self, label: str, total: int | None) -> None:
        with self._lock:
            self._label, self._total, self._count = escape(label), total, 0
            self._started = self._drawn = time.monotonic()

    def advance(self, count: int) -> None:
        with self._lock:
            self._count += count
            now = time.monotonic()
            if now - self._drawn >= _INTERVAL:
                self._drawn = now
                self._draw(now)

    def finish(self) -> None:
        with self._lock:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()

    def _draw(self, now: float) -> None:
        rate = size(int(self._count / max(now - self._started, _INTERVAL)))
        sys.stderr.write(f"{_CLEAR}{self._label} {self._share()} {rate}/s")
        sys.stderr.flush()

    def _share(self) -> str:
        if not self._total:
            return size(self._count)
        full = min(_WIDTH, _WIDTH * self._count // self._total)
        return f"[{'=' * full}{' ' * (_WIDTH - full)}] {size(self._count)} of {size(self._total)}"
