"""A byte progress bar on stderr, for terminals.  Reports come from many threads; it draws a few times a second."""

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
    """Draws itself in place, and is gone when the step is over or anything else is said."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._label = ""
        self._started = self._drawn = 0.0
        self._visible = False

    def start(self, label: str) -> None:
        with self._lock:
            self._label = escape(label)
            self._started = self._drawn = time.monotonic()

    def update(self, done: int, total: int) -> None:
        with self._lock:
            now = time.monotonic()
            if now - self._drawn >= _INTERVAL:
                self._drawn = now
                self._draw(done, total, now - self._started)

    def say(self, text: str) -> None:
        with self._lock:
            self._visible = True
            sys.stderr.write(f"{_CLEAR}{self._label}: {escape(text)}, {time.monotonic() - self._started:.0f} s")
            sys.stderr.flush()

    def finish(self) -> None:
        with self._lock:
            if self._visible:
                self._visible = False
                sys.stderr.write(_CLEAR)
                sys.stderr.flush()

    def _draw(self, done: int, total: int, elapsed: float) -> None:
        self._visible = True
        full = min(_WIDTH, _WIDTH * done // max(total, 1))
        bar = "=" * full + " " * (_WIDTH - full)
        rate = size(int(done / max(elapsed, _INTERVAL)))
        sys.stderr.write(f"{_CLEAR}{self._label} [{bar}] {size(done)} of {size(total)}, {rate}/s")
        sys.stderr.flush()
