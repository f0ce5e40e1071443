"""Pickles one after the other in one stream: which of them are pickles, and how each one ended."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitreg.gates.scan.budget import TooMuchError
from gitreg.gates.scan.pickles.cursor import BrokenError, Cursor
from gitreg.gates.scan.pickles.judge import Judge
from gitreg.gates.scan.pickles.machine import Machine
from gitreg.gates.scan.pickles.raw_arrays import ArrayReader

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

_TORCH_MAGIC = bytes.fromhex("8a0a6cfc9c46f9206aa850192e")  # LONG1 of torch's magic number, then STOP
_TORCH_PICKLES = 5  # magic number, protocol, system, the objects, the storages' keys; then the storages themselves
_SURE = 3  # opcodes after a PROTO that other data hardly ever has


@dataclass(frozen=True, slots=True)
class Run:
    """One pickle: how far it got, and what was seen.  `broken` is empty if it got to its STOP."""

    machine: Machine
    judge: Judge
    broken: str
    to_the_end: bool = False

    @property
    def acts(self) -> bool:
        """Whether something happened before the load ended, or a module of Python's own was imported."""
        return bool(self.judge.imports and (self.judge.acts or self.judge.modules & sys.stdlib_module_names))

    @property
    def is_pickle(self) -> bool:
        """Data that merely begins like a pickle is none: the load stops before anything happens."""
        if self.acts:
            return True
        if self.broken:
            return self.machine.declared and self.machine.opcodes >= _SURE
        return self.machine.declared or bool(self.judge.imports) or self.to_the_end


@dataclass(slots=True)
class Reading:
    """All pickles of a part.  `raw_arrays`: read as joblib does, not as `pickle.load` does."""

    part: Part
    scan: Scan
    raw_arrays: bool = False
    runs: list[Run] = field(default_factory=list)
    legacy_torch: bool = False
    end: int = 0

    def read(self) -> None:
        """To the end, to the first that is broken, or to where torch's raw storages begin.

        Raises:
            TooMuchError: with `runs` as far as they got.
        """
        magic = self.part.head(64).startswith((_TORCH_MAGIC, b"\x80\x02" + _TORCH_MAGIC))
        with self.part.open() as stream:
            cursor = Cursor(stream)
            while self._one(cursor) and not self.runs[-1].to_the_end:
                cursor.drop_frame()
                if magic and len(self.runs) == _TORCH_PICKLES:
                    self.legacy_torch = True
                    break
            self.end = cursor.offset

    @property
    def is_pickle(self) -> bool:
        return self.runs[0].is_pickle

    def _one(self, cursor: Cursor) -> bool:
        judge = Judge(self.scan.allowed, self.part.where)
        machine = Machine(cursor, self.scan.meter, judge)
        if self.raw_arrays:
            machine.built = ArrayReader(machine, judge, self.scan.meter).built
        broken = ""
        try:
            machine.load()
        except BrokenError as error:
            broken = str(error)
        except TooMuchError:
            self.runs.append(Run(machine, judge, "is too long"))
            raise
        self.runs.append(Run(machine, judge, broken, cursor.at_end()))
        return not broken and self.is_pickle
