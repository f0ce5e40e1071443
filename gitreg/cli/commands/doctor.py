"""`gitreg doctor`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from gitreg.cli.lines import Line, Span, bad, good, line, warn
from gitreg.cli.opening import here, settings_for
from gitreg.cli.output import Output
from gitreg.cli.table import columns
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import pass_output
from gitreg.operations.doctor import Check, Health, doctor


@verb("doctor")
@pass_output
def command(output: Output) -> int:
    """Check the environment, Git settings, key, remote and hooks.

    Each finding comes with what would fix it.  Exit 1 if something is a problem.
    """
    result = doctor(here(), settings_for(output))
    output.data(result, lambda: _lines(result.checks))
    return 0 if result.ok else 1


def _lines(checks: Iterable[Check]) -> list[Line]:
    return columns([line(_mark(check.health), check.name, *_finding(check)) for check in checks])


def _finding(check: Check) -> Line:
    return line(check.detail) if not check.fix else line(f"{check.detail}  (fix: {check.fix})")


def _mark(health: Health) -> Span:
    match health:
        case Health.OK:
            return good("ok")
        case Health.WARNING:
            return warn("warning")
        case Health.PROBLEM:
            return bad("problem")
        case _:
            assert_never(health)
