"""`gitreg scan`."""

from __future__ import annotations

from pathlib import Path

import click

from gitreg.cli.figures import counted
from gitreg.cli.lines import Line, Span, bad, dim, good, line, warn
from gitreg.cli.output import Output
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.gates.scan.finding import Finding, ScanResult, Verdict
from gitreg.operations.scan import ScanRequest, scan

_LOOKS = {Verdict.SAFE: good, Verdict.UNKNOWN: warn, Verdict.UNSAFE: bad}


@verb("scan")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@option("--profile", multiple=True, metavar="NAME", help="Allow pickles of NAME only; may be given several times.")
@pass_output
def command(output: Output, paths: tuple[Path, ...], profile: tuple[str, ...]) -> int:
    """Find out whether opening a file could run code.

    Nothing of it is run. Works anywhere, on files and directories. Exit 1 unless all are safe.
    """
    results = tuple(scan(ScanRequest(paths, profile)))
    output.data(results, lambda: [each for result in results for each in _lines(result)])
    wrong = sum(not result.safe for result in results)
    if wrong:
        output.advice(f"{wrong} of {counted(len(results), 'file')} must not be taken for safe")
    return 1 if wrong or not results else 0


def _lines(result: ScanResult) -> list[Line]:
    return [
        line(_verdict(result.verdict), f"  {result.path}", dim(f"  {result.format}")),
        *map(_finding, result.findings),
    ]


def _verdict(verdict: Verdict) -> Span:
    return _LOOKS[verdict](f"{verdict.value:7}")


def _finding(finding: Finding) -> Line:
    place = f"  ({finding.where})" if finding.where else ""
    return line(f"         {finding.detail}", dim(f"{place}  {finding.advice}"))
