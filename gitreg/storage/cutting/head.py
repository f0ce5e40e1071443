"""Bounded looks into a file's headers."""

from __future__ import annotations

import os
from typing import NamedTuple


class Head(NamedTuple):
    """An open file of known size, for reading a few pieces of it; never moves the descriptor's position."""

    descriptor: int
    size: int

    def at(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; fewer at the end of the file, none outside it."""
        if not 0 <= offset < self.size:
            return b""
        return os.pread(self.descriptor, min(length, self.size - offset), offset)
