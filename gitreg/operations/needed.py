"""Says in complaints about objects which model is of no use without them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gitreg.storage.store import MissingObjectError
from gitreg.storage.verified import CorruptObjectError


@contextmanager
def needed_by(name: str) -> Iterator[None]:
    """Of objects that are missing or corrupt in the block."""
    try:
        yield
    except (MissingObjectError, CorruptObjectError) as error:
        raise type(error)(error.digest, error.where, name) from error
