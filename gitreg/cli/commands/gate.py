"""`gitreg gate`."""

from __future__ import annotations

import click

from gitreg.cli.events import gate_lines
from gitreg.cli.lines import line
from gitreg.cli.opening import open_here
from gitreg.cli.output import Output
from gitreg.cli.params import REF, STAGE
from gitreg.cli.verb import VerbGroup, option, pass_output
from gitreg.core.names import StageName
from gitreg.core.reference import Reference
from gitreg.operations.evidence import gate_evidence
from gitreg.operations.gate_run import gate_run
from gitreg.operations.verdict_cache import Reuse


@click.group("gate", cls=VerbGroup)
def command() -> None:
    """Run the checks of a stage by themselves."""


@command.command("run")
@click.argument("ref", type=REF)
@click.argument("stage", type=STAGE)
@option("--no-cache", is_flag=True, help="Run also the gates whose verdict on these bytes is known here.")
@pass_output
def run(output: Output, ref: Reference, stage: StageName, no_cache: bool) -> int:
    """Run a stage's gates on a version; nothing is signed."""
    results = gate_run(open_here(output), ref, stage, Reuse.REFUSED if no_cache else Reuse.ALLOWED)
    output.data(results, lambda: gate_lines(results) or [line(f"{stage} has no gates")])
    return 0 if all(result.passed for result in results) else 1


@command.command("evidence")
@click.argument("ref", type=REF)
@click.argument("stage", type=STAGE)
@click.argument("name")
@pass_output
def evidence(output: Output, ref: Reference, stage: StageName, name: str) -> int:
    """Print what a gate kept when a version last entered a stage."""
    text = gate_evidence(open_here(output), ref, stage, name)
    output.data({"gate": name, "evidence": text}, lambda: [line(each) for each in text.splitlines()])
    return 0
