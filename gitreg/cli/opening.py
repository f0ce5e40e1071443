"""Opening the registry one stands in, with the user's ways: their key, their terminal, their environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from gitreg.cli.output import Output
from gitreg.core.text import escape
from gitreg.errors import NotARegistryError
from gitreg.operations.context import Context, Settings, Silent


def open_here(output: Output) -> Context:
    """The registry around the current directory.  Raises NotARegistryError."""
    return Context.open(here(), settings_for(output))


def here() -> Path:
    """The current directory.  Raises NotARegistryError if somebody removed it."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise NotARegistryError("the current directory no longer exists", hint="change to another one") from None


def settings_for(output: Output) -> Settings:
    progress = output.bar if output.watched else Silent()
    return Settings(
        key=output.key,
        policy_root=output.policy_root,
        jobs=output.jobs,
        ask=_ask,
        progress=progress,
        note=output.note,
        processes=_processors(),
    )


def _processors() -> int:
    """Those that this process may use.  Elsewhere than on Linux, a copy of a process may not work as its original."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


def _ask(question: str) -> str | None:
    """A passphrase from the terminal; where there is none, nobody is asked."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    answer: str = click.prompt(escape(question), hide_input=True, err=True, default="", show_default=False)
    return answer
