"""`gitreg identity`."""

from __future__ import annotations

from gitreg.cli.lines import line
from gitreg.cli.opening import open_here
from gitreg.cli.output import Output
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.operations.sealing.identity import new_identity, show_identity


@verb("identity")
@option("--new", is_flag=True, help="Make one.")
@pass_output
def command(output: Output, new: bool) -> None:
    """Show or make the identity that opens encrypted remotes.

    What it prints is the recipient that others encrypt for. Its private half is yours alone. Keep a copy: without it,
    nothing that is encrypted for you can be opened.
    """
    context = open_here(output)
    result = new_identity(context) if new else show_identity(context)
    output.data(result, lambda: [line(result.recipient)])
    output.advice(f"the private half is in {result.path}; an admin adds you: gitreg remote recipients NAME --add THIS")
