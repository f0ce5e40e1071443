"""Running gates beside each other, so that every one of them yields a presentable result.  Knows no particular gate."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitreg.core.text import escape
from gitreg.errors import GitregError
from gitreg.gates.gate import LARGEST_EVIDENCE, GateResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gitreg.gates.gate import Candidate, Gate

# Results are signed into a tag message, where a flood of text would bury the facts beside it.
_LONGEST_FIGURE = 100
_LONGEST_REASON = 300
_TICK = 0.2

DEFAULT_TIMEOUT = 600.0


@dataclass(frozen=True, slots=True)
class BoundedGate:
    """A gate with the seconds that it may take, and whether it must have the machine for itself.

    A `repeatable` one looks at the pointer, the baseline and the bytes only, so that it says the same each time.
    One `without_figure` has nothing that could be near a limit: whenever it passes, it does so with a margin.
    """

    gate: Gate
    timeout: float = DEFAULT_TIMEOUT
    alone: bool = False
    repeatable: bool = False
    without_figure: bool = False

    @property
    def name(self) -> str:
        return self.gate.name

    def check(self, candidate: Candidate) -> GateResult:
        return self.gate.check(candidate)


class _Run(threading.Thread):
    """One gate in a thread that nobody waits for longer than the gate may take."""

    def __init__(self, gate: Gate, candidate: Candidate) -> None:
        super().__init__(daemon=True, name=f"gate {gate.name}")
        bounded = gate if isinstance(gate, BoundedGate) else BoundedGate(gate)
        self.gate, self.alone, self._timeout = gate, bounded.alone, bounded.timeout
        self._candidate = candidate
        self._result: GateResult | None = None
        self._fatal: BaseException | None = None
        self._end = 0.0

    def start(self) -> None:
        self._end = time.monotonic() + self._timeout
        super().start()

    def run(self) -> None:
        try:
            self._result = _run(self.gate, self._candidate)
        except BaseException as error:  # noqa: BLE001  raised again where somebody hears it
            self._fatal = error

    @property
    def over(self) -> bool:
        return not self.is_alive() or time.monotonic() >= self._end

    @property
    def result(self) -> GateResult:
        if self._fatal is not None:
            raise self._fatal
        late = GateResult(self.gate.name, Verdict.ERROR, "", f"it took longer than {self._timeout:g} s")
        return self._result or late


def run_gates(
    gates: Iterable[Gate], candidate: Candidate, waiting_for: Callable[[Sequence[str]], None] = lambda _names: None
) -> tuple[GateResult, ...]:
    """One result per gate, in the order given.  Never raises for what a gate does, and waits for none for ever.

    Those that measure time run one after the other when all others are done.  `waiting_for` hears what still runs.
    """
    runs = [_Run(gate, candidate) for gate in gates]
    together = [run for run in runs if not run.alone]
    for batch in (together, *([run] for run in runs if run.alone)):
        _go_through(batch, waiting_for)
    return tuple(run.result for run in runs)


def _go_through(runs: Sequence[_Run], waiting_for: Callable[[Sequence[str]], None]) -> None:
    for run in runs:
        run.start()
    while going := [run for run in runs if not run.over]:
        waiting_for([run.gate.name for run in going])
        going[0].join(_TICK)


def _run(gate: Gate, candidate: Candidate) -> GateResult:
    try:
        return _presentable(_own(gate, gate.check(candidate)))
    except GitregError as error:
        reason = f"{error.message} ({error.hint})" if error.hint else error.message
    except (Exception, SystemExit) as error:  # noqa: BLE001  a gate's own bug must count as not passed, never as a crash
        reason = f"{type(error).__name__}: {error}"
    return _presentable(GateResult(gate.name, Verdict.ERROR, "", reason))


def _own(gate: Gate, result: object) -> GateResult:
    """A gate speaks for itself only: a result under another gate's name would be signed as that gate's."""
    if not isinstance(result, GateResult):
        return GateResult(gate.name, Verdict.ERROR, "", f"returned {type(result).__name__}, not a gate result")
    if result.name != gate.name:
        return GateResult(gate.name, Verdict.ERROR, "", f"answered in the name of gate {result.name}")
    if len(result.evidence.encode("utf-8", "replace")) > LARGEST_EVIDENCE:
        return GateResult(gate.name, Verdict.ERROR, "", "its evidence is larger than 1 MiB")
    return result


def _presentable(result: GateResult) -> GateResult:
    figure, reason = _line(result.figure, _LONGEST_FIGURE), _line(result.reason, _LONGEST_REASON)
    return replace(result, verdict=Verdict(result.verdict), figure=figure, reason=reason)


def _line(text: str, longest: int) -> str:
    shown = escape(" ".join(text[: 4 * longest].split()))
    return shown if len(shown) <= longest else shown[: longest - 3] + "..."
