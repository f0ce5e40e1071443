"""Showing what it took to move an artifact's bytes."""

from __future__ import annotations

from collections.abc import Iterable

from gitreg.cli.figures import counted, seconds, size
from gitreg.cli.lines import Line, dim, line, strong
from gitreg.operations.transfer import Transfer


def transfer_lines(verb: str, transfers: Iterable[Transfer]) -> Iterable[Line]:
    """`Pushed mnist  12 files, 13.4 GiB; 3 of 3,400 chunks were new (12.0 MiB in 2.1 s)`."""
    for each in transfers:
        whole = f"  {counted(each.files, 'file')}, {size(each.size)}; "
        new = f"{each.new_chunks:,} of {counted(each.chunks, 'chunk')} new"
        yield line(
            verb, " ", strong(each.model), whole, new, dim(f" ({size(each.transferred)} in {seconds(each.seconds)})")
        )
