"""What a gate is: a named check of one candidate that ends in a verdict.  Knows no particular check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from gitreg.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

LARGEST_EVIDENCE = 1 << 20


class Verdict(StrEnum):
    """How a check ended.  Passing lets a version through; `error` means that nothing was decided.

    `pass+margin`: what was measured is so far from every limit that nobody needs to look at it.
    """

    PASS = "pass"  # noqa: S105  no password
    MARGIN = "pass+margin"
    FAIL = "fail"
    ERROR = "error"


def _no_file(path: str) -> bytes:
    raise NotFoundError(f"there is no protected branch to take {path} from")


def _no_version(version: str) -> Mapping[str, float]:
    raise NotFoundError(f"there is no registry to find {version} in")


def _no_dataset(ref: str) -> Path:
    raise NotFoundError(f"there is no registry to find {ref} in")


@dataclass(frozen=True, slots=True)
class Candidate:
    """The version that wants to enter a stage.

    `pointer_data`: the parsed pointer at the tagged commit, as plain tables (artifact, model, params, metrics, ...).
    `checkout`: materialises the verified artifact and returns its directory.  Gates that need no bytes never call
    it; several may, so the caller keeps the answer.
    `baseline_metrics`: metrics of what the stage holds now, None if it holds nothing.
    `branch_file`: a file's bytes on the protected branch, the only place that programs of gates come from.
    `hidden`: what a gate's program must not read, besides what belongs to the user.
    `metrics_of`: those of another version of the same model, from its verified registration.
    `dataset`: the verified files of the registered version that a REF means.
    """

    pointer_data: Mapping[str, object]
    checkout: Callable[[], Path]
    baseline_metrics: Mapping[str, float] | None = None
    version: str = ""
    stage: str = ""
    branch_file: Callable[[str], bytes] = _no_file
    hidden: tuple[Path, ...] = ()
    metrics_of: Callable[[str], Mapping[str, float]] = _no_version
    dataset: Callable[[str], Path] = _no_dataset


@dataclass(frozen=True, slots=True)
class GateResult:
    """The outcome of one gate: `figure` is what was measured, `reason` why that passes or not; one line each.

    `evidence` is a longer text to look into later, such as a report or the machine that was measured.
    """

    name: str
    verdict: Verdict
    figure: str
    reason: str
    evidence: str = ""

    @property
    def passed(self) -> bool:
        return self.verdict in (Verdict.PASS, Verdict.MARGIN)


class Gate(Protocol):
    """One configured check.  `check` may raise: `run_gates` turns that into the verdict `error`."""

    @property
    def name(self) -> str: ...

    def check(self, candidate: Candidate) -> GateResult: ...
