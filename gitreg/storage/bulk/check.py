"""Reads every object of a store and compares it with its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitreg.storage.bulk.work import PartDone
from gitreg.storage.fsck import check_objects

if TYPE_CHECKING:
    from gitreg.storage.bulk.place import Place


@dataclass(frozen=True, slots=True)
class Check:
    """The Work of checking a store."""

    place: Place

    def __call__(self, part: str) -> PartDone:
        store = self.place.open()
        names = list(store.names(part))
        return PartDone(part, len(names), faults=tuple(check_objects(store, names)))
