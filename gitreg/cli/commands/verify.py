"""`gitreg verify`."""

from __future__ import annotations

import click

from gitreg.cli.figures import counted
from gitreg.cli.lines import Line, bad, good, line
from gitreg.cli.opening import open_here
from gitreg.cli.output import Output
from gitreg.cli.params import REF
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.core.reference import Reference
from gitreg.operations.verify import VerifyResult, verify


@verb("verify")
@click.argument("ref", type=REF, required=False)
@option("--data", is_flag=True, help="Also read every byte and compare it with its name.")
@pass_output
def command(output: Output, ref: Reference | None, data: bool) -> int:
    """Check every signature and, if asked, every byte.

    REF may be a model, a version or a stage; without it, the whole registry.  Exit 1 if anything fails.
    """
    result = verify(open_here(output), ref, data=data)
    output.data(result, lambda: _lines(result))
    if result.ok and not data:
        output.advice("signatures and rules only; the bytes too: gitreg verify --data")
    return 0 if result.ok else 1


def _lines(result: VerifyResult) -> list[Line]:
    if result.ok:
        return [line(good("verified"), f"  {counted(result.checked, 'check')}, no failure")]
    failed = [line(bad("failed"), f"  {each.ref}: {each.check}: {each.reason}") for each in result.failures]
    return [*failed, line(f"{len(failed)} of {counted(result.checked, 'check')} failed")]
