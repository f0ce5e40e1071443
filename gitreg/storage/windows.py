"""The buffers that file contents pass through: few, large, reused, and never more than given."""

from __future__ import annotations

import mmap
import queue
from typing import TYPE_CHECKING, Final

from gitreg.core.limits import MAX_CHUNK_BYTES, MIB

if TYPE_CHECKING:
    from collections.abc import Iterator

# A window must hold almost a chunk left over from the last one and still take in something worth a read.
WINDOW_BYTES: Final = MAX_CHUNK_BYTES + 4 * MIB


class WindowPool:
    """Hands out buffers; waits when all are in use.  Anonymous memory, so unused pages cost nothing."""

    def __init__(self, count: int) -> None:
        self._free: queue.LifoQueue[memoryview] = queue.LifoQueue()
        for window in self._make(count):
            self._free.put(window)

    def take(self) -> memoryview:
        """A buffer of WINDOW_BYTES; its content is arbitrary."""
        return self._free.get()

    def give_back(self, window: memoryview) -> None:
        """Allow the buffer's reuse."""
        self._free.put(window)

    @staticmethod
    def _make(count: int) -> Iterator[memoryview]:
        for _ in range(count):
            yield memoryview(mmap.mmap(-1, WINDOW_BYTES))
