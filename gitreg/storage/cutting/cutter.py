"""Cuts a stream that arrives in windows: FastCDC within segments, independent of where the windows end."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import pyfastcdc

from gitreg.errors import MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitreg.storage.cutting.rule import Segment, Sizes


class StreamCutter:
    """Hands out chunk lengths of one stream, in order.  Not for use by several threads."""

    def __init__(self, segments: Iterable[Segment]) -> None:
        _require_native()
        self._segments = deque(segment for segment in segments if segment.length)
        self._done = 0
        self._chunkers: dict[Sizes, pyfastcdc.FastCDC] = {}

    def cut(self, view: memoryview) -> list[int]:
        """Lengths of the chunks that are certain, given the stream's next bytes from the last certain cut on.

        Bytes after the last cut must come first in the next view; a view of at least the largest chunk size
        always yields something.
        """
        lengths: list[int] = []
        while self._segments:
            segment = self._segments[0]
            left = segment.length - self._done
            cuts = self._cut_within(view[:left], segment.sizes, ends_here=left <= len(view))
            lengths += cuts
            used = sum(cuts)
            self._done += used
            if self._done < segment.length:
                break
            self._segments.popleft()
            self._done = 0
            view = view[used:]
        return lengths

    def _cut_within(self, view: memoryview, sizes: Sizes, *, ends_here: bool) -> list[int]:
        """Cuts of one segment.

        Whether a place is a cut depends on the bytes before it alone, so a cut short of the view's end is certain;
        one at its end may be only because there is no more to see.
        """
        lengths = []
        left = len(view)
        for chunk in self._chunker(sizes).cut_buf(view) if left else ():
            if chunk.length == left < sizes.largest and not ends_here:
                break
            lengths.append(chunk.length)
            left -= chunk.length
        return lengths

    def _chunker(self, sizes: Sizes) -> pyfastcdc.FastCDC:
        if sizes not in self._chunkers:
            self._chunkers[sizes] = pyfastcdc.FastCDC(sizes.average, min_size=sizes.smallest, max_size=sizes.largest)
        return self._chunkers[sizes]


def _require_native() -> None:
    """pyfastcdc falls back to pure Python by itself, a thousand times slower; stop instead of seeming to hang."""
    if not pyfastcdc.FastCDC.__module__.startswith("pyfastcdc.cy"):
        raise MissingDependencyError(
            "pyfastcdc has no native code for this Python",
            hint="reinstall it with a C compiler at hand: pip install --force-reinstall --no-binary :all: pyfastcdc",
        )
