"""Cuts: the same for every window size, local under insertion, and fixed for good by a golden list."""

from __future__ import annotations

import random
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitreg.core.limits import KIB, MIB
from gitreg.storage.cutting.cutter import StreamCutter
from gitreg.storage.cutting.rule import FILE_SIZES, RUN_SIZES, Segment, Sizes
from gitreg.storage.cutting.segments import segments_between

DATA = random.Random(1).randbytes(6 * MIB)
GOLDEN_LENGTHS = [
    204367,
    274040,
    398271,
    477575,
    167523,
    84915,
    322763,
    167703,
    1254384,
    518824,
    1607681,
    487789,
    325621,
]


def cut(data: bytes, segments: list[Segment], window: int) -> list[bytes]:
    """Cut as ingest does: window by window, what is not certain carried over."""
    cutter = StreamCutter(segments)
    chunks, start, end = [], 0, 0
    while end < len(data):
        end = min(len(data), start + window)
        for length in cutter.cut(memoryview(data)[start:end]):
            chunks.append(data[start : start + length])
            start += length
    return chunks


@settings(max_examples=25, deadline=None)
@given(st.integers(MIB, 7 * MIB), st.lists(st.integers(1, 6 * MIB), max_size=6))
def test_windows_do_not_move_cuts(window, places):
    """The same file would get another identity on a machine with other buffers."""
    edges = [0, *sorted({min(place, len(DATA)) for place in places}), len(DATA)]
    segments = [Segment(end - start, RUN_SIZES) for start, end in pairwise(edges)]
    chunks = cut(DATA, segments, window)
    assert chunks == cut(DATA, segments, len(DATA))
    assert b"".join(chunks) == DATA


def test_golden_cuts():
    """A new version of the cutting library would silently stop all deduplication with what is stored."""
    chunks = cut(DATA, [Segment(2 * MIB + 5, RUN_SIZES), Segment(4 * MIB - 5, FILE_SIZES)], 8 * MIB)
    assert [len(chunk) for chunk in chunks] == GOLDEN_LENGTHS


@pytest.mark.parametrize("place", [0, 1_234_567, len(DATA) - 10])
def test_an_insertion_changes_few_chunks(place):
    """A row added to a table would upload the whole table again."""
    changed = DATA[:place] + b"one more row\n" + DATA[place:]
    before = cut(DATA, [Segment(len(DATA), RUN_SIZES)], 8 * MIB)
    after = cut(changed, [Segment(len(changed), RUN_SIZES)], 8 * MIB)
    assert len(set(after) - set(before)) <= 3


def test_chunks_keep_their_bounds():
    """Objects could become too many or too large to hold in memory."""
    sizes = Sizes(64 * KIB, 256 * KIB, MIB)
    lengths = [
        len(chunk) for data in (DATA, bytes(6 * MIB)) for chunk in cut(data, [Segment(6 * MIB, sizes)], 8 * MIB)[:-1]
    ]
    assert all(sizes.smallest <= length <= sizes.largest for length in lengths)


@given(st.lists(st.integers(-5, 3 * MIB), max_size=30), st.integers(0, 2 * MIB))
def test_segments_always_cover_the_file(boundaries, size):
    """Hostile offsets would lose bytes or loop."""
    segments = segments_between(boundaries, size)
    assert sum(segment.length for segment in segments) == size
    assert all(segment.length > 0 for segment in segments)


def test_pure_python_cutter_is_refused():
    """An install without native code would seem to hang for hours."""
    script = (
        "import sys, warnings; warnings.simplefilter('ignore'); sys.modules['pyfastcdc.cy'] = None\n"
        "from gitreg.storage.cutting.cutter import StreamCutter\n"
        "from gitreg.errors import MissingDependencyError\n"
        "try: StreamCutter([])\n"
        "except MissingDependencyError as error: print(error.message)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "no native code" in done.stdout
