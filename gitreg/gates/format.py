"""The gate `format`: every file of the artifact is what it claims to be, and none is a pickle."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitreg.errors import FormatError
from gitreg.gates.formats.table import inspect
from gitreg.gates.gate import GateResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitreg.gates.gate import Candidate
    from gitreg.gates.options import Options


@dataclass(frozen=True, slots=True)
class FormatGate:
    """Looks at all files, so that the figure says how many are at fault; the reason names the first."""

    name: str

    def check(self, candidate: Candidate) -> GateResult:
        root = candidate.checkout()
        total, recognised, problems = 0, 0, []
        for path in _files(root):
            total += 1
            try:
                recognised += inspect(path) is not None
            except FormatError as error:
                problems.append(_problem(path.relative_to(root), error))
        if problems:
            return GateResult(self.name, Verdict.FAIL, f"{len(problems)} of {total} files at fault", problems[0])
        if not total:
            return GateResult(self.name, Verdict.FAIL, "0 files", "the artifact is empty")
        reason = "files of known formats are what they claim to be, none is a pickle"
        return GateResult(self.name, Verdict.PASS, f"{total} files, {recognised} of known formats", reason)


def build_format_gate(options: Options) -> FormatGate:
    """No options: a file that is not what it claims to be is never wanted."""
    options.only()
    return FormatGate(options.gate)


def _files(root: Path) -> Iterator[Path]:
    """All that is not a directory, in an order that is the same on every machine."""
    for folder, folders, names in os.walk(root, onerror=_raise):
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        folders[:] = sorted(set(folders) - set(links))
        yield from (Path(folder) / name for name in sorted([*names, *links]))


def _raise(error: OSError) -> None:
    """A directory that cannot be read must not pass as an empty one."""
    raise error


def _problem(path: Path, error: FormatError) -> str:
    return f"{path}: {error.message}" + (f" ({error.hint})" if error.hint else "")
