"""Showing a signed event: what now holds, then what it rests on."""

from __future__ import annotations

from collections.abc import Iterable

from gitreg.cli.lines import Line, Span, bad, dim, good, indented, line, strong, warn
from gitreg.cli.output import Output
from gitreg.cli.table import columns
from gitreg.gates.gate import GateResult, Verdict
from gitreg.operations.results import EventResult

_DONE = {
    "register": "Registered",
    "deregister": "Deregistered",
    "promote": "Promoted",
    "rollback": "Rolled back to",
    "unassign": "Emptied",
    "deprecate": "Deprecated",
}


def report(output: Output, result: EventResult, advice: str) -> None:
    """Say what was signed, and what to do next."""
    output.done(result, lambda: event_lines(result))
    output.advice(advice if result.pushed else "signed here only; share it: gitreg push")


def event_lines(result: EventResult) -> Iterable[Line]:
    tag = f"{result.tag} by {result.by}" if result.stage else f"by {result.by}"
    yield line(f"{_DONE.get(result.event, result.event)} ", *_subject(result), dim(f"  {tag}"))
    gates = [line(verdict(Verdict(gate.verdict)), gate.name, gate.figure) for gate in result.gates]
    yield from indented(columns(gates))
    if result.approvals:
        yield line("  approved by ", ", ".join(result.approvals))


def gate_lines(results: Iterable[GateResult]) -> list[Line]:
    """One line for each gate, aligned."""
    return columns([line(verdict(gate.verdict), gate.name, gate.figure or "-", dim(gate.reason)) for gate in results])


def verdict(value: Verdict) -> Span:
    match value:
        case Verdict.PASS | Verdict.MARGIN:
            return good(value)
        case Verdict.FAIL:
            return bad(value)
        case Verdict.ERROR:
            return warn(value)


def _subject(result: EventResult) -> Line:
    what = f"{result.model}@{result.version}" if result.version else str(result.model)
    match result.event:
        case "unassign":
            return line(strong(result.stage), f" of {what}")
        case "promote":
            return line(strong(what), " to ", strong(result.stage))
        case "rollback":
            return line(strong(what), " in ", strong(result.stage))
        case _:
            return line(strong(what))
