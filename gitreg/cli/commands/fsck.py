"""`gitreg fsck`."""

from __future__ import annotations

import click

from gitreg.cli.figures import counted
from gitreg.cli.lines import Line, bad, dim, good, line, warn
from gitreg.cli.opening import open_here
from gitreg.cli.output import Output
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.operations.fsck import FsckFault, FsckRequest, FsckResult, fsck


@verb("fsck")
@option("--remote", metavar="NAME", help="Check this shared store, not the clone's own objects.")
@option("--sample", type=click.IntRange(min=1), metavar="N", help="Read only N objects, chosen at random.")
@option("--repair", is_flag=True, help="Also change a shared store, and set aside what nobody has intact.")
@option("--cluster", metavar="ADDRESS", help="Have a Dask cluster read a shared store, such as tls://host:8786.")
@pass_output
def command(output: Output, remote: str | None, sample: int | None, repair: bool, cluster: str | None) -> int:
    """Check every object against its name, and that nothing is missing.

    Damaged objects of the clone are replaced from the shared store.  Exit 1 if a fault is left.
    """
    result = fsck(open_here(output), FsckRequest(remote, sample, repair, cluster))
    output.data(result, lambda: _lines(result))
    if not result.ok and not repair:
        output.advice(_advice(remote))
    return 0 if result.ok else 1


def _lines(result: FsckResult) -> list[Line]:
    whole = f"{counted(result.checked, 'object')} in {result.store}"
    if not result.faults:
        return [line(good("intact"), f"  {whole}")]
    return [*map(_fault, result.faults), line(f"{counted(len(result.faults), 'fault')} in {whole}")]


def _fault(fault: FsckFault) -> Line:
    kind = good("repaired") if fault.repaired else bad(fault.kind.value)
    needed = ", ".join(fault.affects)
    affects = warn(needed) if needed else dim("nothing that refs name")
    return line(kind, f"  {fault.object}  affects ", affects, dim(f"  {fault.detail}"))


def _advice(remote: str | None) -> str:
    if remote is not None:
        return f"from a clone that has the objects: gitreg fsck --remote {remote} --repair"
    return "if you still have the files: gitreg fsck --repair, then gitreg add them again"
