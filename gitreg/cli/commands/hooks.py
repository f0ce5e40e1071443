"""`gitreg hooks`."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

import click

from gitreg.cli.lines import line
from gitreg.cli.opening import open_here
from gitreg.cli.output import Output
from gitreg.cli.verb import VerbGroup, pass_output
from gitreg.operations.hooks import HOOKS, install_hooks, uninstall_hooks
from gitreg.operations.pre_push import check_push


@dataclass(frozen=True, slots=True)
class HooksResult:
    """Which hooks were touched."""

    hooks: tuple[str, ...]


@click.group("hooks", cls=VerbGroup)
def command() -> None:
    """Manage the Git hooks that check pushes."""


@command.command("install")
@pass_output
def install(output: Output) -> None:
    """Install them; hooks that are there already are kept and run first."""
    result = HooksResult(tuple(install_hooks(open_here(output).repo)))
    output.done(result, lambda: [line(f"Installed {', '.join(result.hooks)}")])


@command.command("uninstall")
@pass_output
def uninstall(output: Output) -> None:
    """Remove them, and put back what stood there before."""
    result = HooksResult(tuple(uninstall_hooks(open_here(output).repo)))
    output.done(result, lambda: [line(f"Removed {', '.join(result.hooks) or 'nothing: no hook was ours'}")])


@command.command("run")
@click.argument("hook", type=click.Choice(HOOKS))
@click.argument("args", nargs=-1)
@pass_output
def run(output: Output, hook: str, args: tuple[str, ...]) -> None:  # noqa: ARG001  (what git hands every hook)
    """Do a hook's work, as Git calls it: the refs to push come on stdin."""
    lines = os.fsdecode(sys.stdin.buffer.read()).splitlines()
    check_push(open_here(output), lines)
