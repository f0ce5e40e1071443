"""`gitreg hooks`."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from gitreg.cli.lines import line
from gitreg.cli.opening import here, open_here, settings_for
from gitreg.cli.output import Output
from gitreg.cli.verb import VerbGroup, option, pass_output
from gitreg.git.repository import Repository
from gitreg.operations.context import Context
from gitreg.operations.hooks import HOOKS, SERVER_HOOKS, install_hooks, server_hooks, uninstall_hooks
from gitreg.operations.pre_push import check_push
from gitreg.operations.server.hooks import run_server_hook
from gitreg.operations.server.post_receive import post_receive_hook
from gitreg.operations.server.pre_receive import pre_receive_hook


@dataclass(frozen=True, slots=True)
class HooksResult:
    """Which hooks were touched."""

    hooks: tuple[str, ...]


@click.group("hooks", cls=VerbGroup)
def command() -> None:
    """Manage the Git hooks that check pushes."""


_server = option("--server", is_flag=True, help="Those of a repository that others push to: they refuse bad pushes.")


@command.command("install")
@click.argument("path", type=click.Path(path_type=Path), required=False)
@_server
@pass_output
def install(output: Output, path: Path | None, server: bool) -> None:
    """Install them; hooks that are there already are kept and run first.

    With --server, PATH may be a bare repository, and need not be a registry yet.
    """
    repo, names = _target(output, path, server)
    result = HooksResult(tuple(install_hooks(repo, names)))
    output.done(result, lambda: [line(f"Installed {', '.join(result.hooks)}")])


@command.command("uninstall")
@click.argument("path", type=click.Path(path_type=Path), required=False)
@_server
@pass_output
def uninstall(output: Output, path: Path | None, server: bool) -> None:
    """Remove them, and put back what stood there before."""
    repo, names = _target(output, path, server)
    result = HooksResult(tuple(uninstall_hooks(repo, SERVER_HOOKS if server else names)))
    output.done(result, lambda: [line(f"Removed {', '.join(result.hooks) or 'nothing: no hook was ours'}")])


@command.command("run")
@click.argument("hook", type=click.Choice((*HOOKS, *SERVER_HOOKS)))
@click.argument("args", nargs=-1)
@pass_output
def run(output: Output, hook: str, args: tuple[str, ...]) -> int:  # noqa: ARG001  (what git hands every hook)
    """Do a hook's work, as Git calls it: the refs that are pushed come on stdin."""
    # git ends its lines with this alone; a ref may have other characters that some take for the end of one
    lines = [each for each in os.fsdecode(sys.stdin.buffer.read()).split("\n") if each]
    if hook in SERVER_HOOKS:
        work = pre_receive_hook if hook == "pre-receive" else post_receive_hook
        return run_server_hook(work, here(), lines, output.note)
    check_push(open_here(output), lines)
    return 0


def _target(output: Output, path: Path | None, server: bool) -> tuple[Repository, tuple[str, ...]]:
    place = path if path is not None else here()
    if server:
        repo = Repository.discover(place)
        return repo, server_hooks(repo)
    return Context.open(place, settings_for(output)).repo, HOOKS
