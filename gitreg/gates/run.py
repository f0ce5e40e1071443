"""Running gates so that every one of them yields a presentable result.  Knows no particular gate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitreg.core.text import escape
from gitreg.errors import GitregError
from gitreg.gates.gate import GateResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitreg.gates.gate import Candidate, Gate

# Results are signed into a tag message, where a flood of text would bury the facts beside it.
_LONGEST_FIGURE = 100
_LONGEST_REASON = 300


def run_gates(gates: Iterable[Gate], candidate: Candidate) -> tuple[GateResult, ...]:
    """One result per gate, in the order given.  Never raises for what a gate does."""
    return tuple(_run(gate, candidate) for gate in gates)


def _run(gate: Gate, candidate: Candidate) -> GateResult:
    try:
        return _presentable(_own(gate, gate.check(candidate)))
    except GitregError as error:
        reason = f"{error.message} ({error.hint})" if error.hint else error.message
    except Exception as error:  # noqa: BLE001  a gate's own bug must count as not passed, never as a crash
        reason = f"{type(error).__name__}: {error}"
    return _presentable(GateResult(gate.name, Verdict.ERROR, "", reason))


def _own(gate: Gate, result: object) -> GateResult:
    """A gate speaks for itself only: a result under another gate's name would be signed as that gate's."""
    if not isinstance(result, GateResult):
        return GateResult(gate.name, Verdict.ERROR, "", f"returned {type(result).__name__}, not a gate result")
    if result.name != gate.name:
        return GateResult(gate.name, Verdict.ERROR, "", f"answered in the name of gate {result.name}")
    return result


def _presentable(result: GateResult) -> GateResult:
    figure, reason = _line(result.figure, _LONGEST_FIGURE), _line(result.reason, _LONGEST_REASON)
    return replace(result, verdict=Verdict(result.verdict), figure=figure, reason=reason)


def _line(text: str, longest: int) -> str:
    shown = escape(" ".join(text[: 4 * longest].split()))
    return shown if len(shown) <= longest else shown[: longest - 3] + "..."
