"""From the entries a file seems to hold to the segments it is cut into."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from gitreg.storage.cutting.hints import entry_boundaries
from gitreg.storage.cutting.rule import ENTRY_SIZES, FILE_SIZES, LARGE_ENTRY, RUN_SIZES, Segment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitreg.storage.cutting.head import Head


def file_segments(head: Head) -> list[Segment]:
    """The segments of one large file."""
    return segments_between(entry_boundaries(head), head.size)


def run_segments(size: int) -> list[Segment]:
    """The one segment of a run of small files."""
    return [Segment(size, RUN_SIZES)]


def segments_between(boundaries: Iterable[int], size: int) -> list[Segment]:
    """Cut at the ends of large entries; small entries between them travel together.

    Whether a boundary counts depends on its two neighbours alone, so a change stays local.
    """
    places = [0, *sorted({place for place in boundaries if 0 < place < size}), size]
    segments: list[Segment] = []
    small = 0
    for start, end in pairwise(places):
        if end - start < LARGE_ENTRY:
            small += end - start
            continue
        if small:
            segments.append(Segment(small, FILE_SIZES))
        small = 0
        segments.append(Segment(end - start, ENTRY_SIZES if len(places) > 2 else FILE_SIZES))
    return [*segments, Segment(small, FILE_SIZES)] if small else segments
