"""`gitreg convert`."""

from __future__ import annotations

from pathlib import Path

import click

from gitreg.cli.figures import counted, size
from gitreg.cli.lines import Line, dim, good, line
from gitreg.cli.opening import settings_for
from gitreg.cli.output import Output
from gitreg.cli.params import FILE
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.operations.convert import ConvertRequest, ConvertResult, convert_file


@verb("convert")
@click.argument("source", type=FILE, metavar="SRC")
@click.argument("target", type=FILE, metavar="DST")
@option("--part", metavar="KEY", help="Convert only this entry of a torch checkpoint.")
@option("--sample", type=FILE, metavar="FILE", help="Compare a scikit-learn model's predictions on these rows (.npy).")
@option("--force", is_flag=True, help="Replace DST if it is there.")
@pass_output
def command(output: Output, source: Path, target: Path, part: str | None, sample: Path | None, force: bool) -> None:
    """Turn a model file that can run code into one that cannot.

    torch, Keras and NumPy files become safetensors, pickled scikit-learn models become skops.  The result is read back
    and compared.  What cannot be converted without running code from the file is refused.
    """
    request = ConvertRequest(source, target, part, sample, force)
    result = convert_file(request, settings_for(output))
    output.done(result, lambda: _lines(result))
    for note in result.notes:
        output.note(note)


def _lines(result: ConvertResult) -> list[Line]:
    what = counted(result.tensors, "tensor") if result.tensors else "a scikit-learn model"
    shared = dim(f", {counted(len(result.aliases), 'name')} of tied tensors kept as aliases") if result.aliases else ""
    return [line(good("converted"), f"  {result.target}  {what}, {size(result.size)}", shared)]
