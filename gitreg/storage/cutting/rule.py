"""The parameters of cut rule `gitreg-1`.  Changing any of them changes artifacts' identities: that is a new rule."""

from __future__ import annotations

from typing import Final, NamedTuple

from gitreg.core.limits import KIB, MIB

CUT_RULE: Final = "gitreg-1"

# Boundaries between entries (tensors, archive members) smaller than this on both sides are not cut at.
LARGE_ENTRY: Final = 64 * KIB


class Sizes(NamedTuple):
    """FastCDC's bounds in bytes; a chunk ends at a place chosen by content between smallest and largest."""

    smallest: int
    average: int
    largest: int


class Segment(NamedTuple):
    """A stretch of the stream that starts and ends with a cut: `length` bytes, cut by content in between."""

    length: int
    sizes: Sizes


# One tensor changes as a whole, so large chunks cost nothing.
ENTRY_SIZES: Final = Sizes(1 * MIB, 4 * MIB, 16 * MIB)
# Tables and the like change by rows.
FILE_SIZES: Final = Sizes(256 * KIB, 1 * MIB, 4 * MIB)
# Files under 1 MiB, back to back.
RUN_SIZES: Final = Sizes(64 * KIB, 256 * KIB, 1 * MIB)
