"""Runs one command line from its words to its exit code."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from gitreg.cli.errors import show
from gitreg.cli.group import cli
from gitreg.cli.output import Output

COMPLETION = "_GITREG_COMPLETE"


def run(argv: Sequence[str], group: click.Group = cli) -> int:
    """Run a command.  Whatever goes wrong has been shown when this returns."""
    if COMPLETION in os.environ:
        group.main(list(argv), prog_name="gitreg", complete_var=COMPLETION)
    _open_closed_streams()
    _never_fail_to_encode()
    output = Output()
    code = _guarded(argv, group, output)
    return _flushed(code, output)


def _guarded(argv: Sequence[str], group: click.Group, output: Output) -> int:
    try:
        with group.make_context("gitreg", list(argv), obj=output, auto_envvar_prefix="GITREG") as context:
            result = group.invoke(context)
            return result if isinstance(result, int) else 0
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  (every error is shown in one place)
        output.json |= "--json" in argv  # nothing behind a mistake has been parsed
        return _shown(error, output)


def _shown(error: BaseException, output: Output) -> int:
    try:
        return show(error, output)
    except OSError:  # stdout or stderr is itself what failed
        return 1


def _flushed(code: int, output: Output) -> int:
    """Find out about a full disk or a closed pipe now; at interpreter exit it could no longer be told properly."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            code = code or _shown(error, output)
    return code


def _open_closed_streams() -> None:
    """As git does: or else the next file or pipe would be opened in their place, and be written messages."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            stream = Path(os.devnull).open("r" if number == 0 else "w", encoding="utf-8")  # noqa: SIM115
            setattr(sys, name, stream)


def _never_fail_to_encode() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
