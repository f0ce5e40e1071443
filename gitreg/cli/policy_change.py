"""Telling how far a policy change is signed, and what comes next."""

from __future__ import annotations

from gitreg.cli.figures import counted
from gitreg.cli.lines import Line, line, strong
from gitreg.cli.output import Output
from gitreg.operations.policy.sign import PolicySignResult


def signed_lines(result: PolicySignResult) -> list[Line]:
    who = ", ".join(result.signed) or "nobody"
    return [
        line("Policy of epoch ", strong(str(result.epoch)), f", signed by {who}"),
        *(line(f"  {change}") for change in result.changes),
    ]


def tell_signed(output: Output, result: PolicySignResult) -> None:
    """What is missing until the change counts."""
    if result.missing:
        output.advice(
            f"{counted(result.missing, 'signature')} missing: commit it to a branch, and let another admin run "
            "gitreg policy sign there"
        )
    else:
        output.advice(".gitreg is staged and signed; it counts once it is committed to the protected branch")
