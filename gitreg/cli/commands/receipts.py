"""`gitreg receipts`."""

from __future__ import annotations

import click

from gitreg.cli.figures import counted
from gitreg.cli.lines import Line, bad, dim, good, line, strong
from gitreg.cli.opening import open_here
from gitreg.cli.output import Output
from gitreg.cli.params import MODEL
from gitreg.cli.table import table
from gitreg.cli.verb import VerbGroup, pass_output
from gitreg.core.names import ModelName
from gitreg.operations.receipts.audit import ReceiptsVerified, verify_receipts
from gitreg.operations.receipts.receipts import ReceiptsAdded, add_receipts, list_receipts


@click.group("receipts", cls=VerbGroup)
def command() -> None:
    """Confirm when tags were seen, as a trusted writer."""


@command.command("add")
@pass_output
def add(output: Output) -> int:
    """Give every shared tag that verifies a receipt, and share the log.

    For CI, or whoever else the policy names under [receipts].  Exit 1 if a tag got none because it does not verify.
    """
    result = add_receipts(open_here(output))
    output.done(result, lambda: _added(result))
    return 1 if result.refused else 0


@command.command("list")
@click.argument("model", type=MODEL, required=False)
@pass_output
def list_(output: Output, model: ModelName | None) -> None:
    """List the tags that have a receipt, and when each was seen, oldest first."""
    entries = list_receipts(open_here(output), model)
    rows = [line(strong(entry.tag), entry.at.isoformat(), dim(entry.oid)) for entry in entries]
    output.data(entries, lambda: table(("TAG", "SEEN", "OBJECT"), rows))


@command.command("verify")
@pass_output
def verify(output: Output) -> int:
    """Check the whole log again, and that each tag in it is still here.

    Exit 1 if anything fails.
    """
    result = verify_receipts(open_here(output))
    output.data(result, lambda: _verified(result))
    return 0 if result.ok else 1


def _added(result: ReceiptsAdded) -> list[Line]:
    new = [line(good("new"), f"      {tag}") for tag in result.receipts]
    refused = [line(bad("refused"), f"  {each.ref}: {each.check}: {each.reason}") for each in result.refused]
    return [*new, *refused] or [line("Nothing new")]


def _verified(result: ReceiptsVerified) -> list[Line]:
    if result.ok:
        return [line(good("verified"), f"  {counted(result.checked, 'receipt')}, no failure")]
    return [line(bad("failed"), f"  {each.ref}: {each.check}: {each.reason}") for each in result.failures]
