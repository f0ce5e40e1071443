"""The `gitreg` command itself: global options, help by headings, and verbs imported when they are called."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from itertools import groupby

import click

from gitreg import __version__
from gitreg.cli.verb import GLOBAL_OPTIONS, VerbGroup
from gitreg.cli.verbs import VERBS, Entry
from gitreg.core.near import did_you_mean
from gitreg.core.text import escape
from gitreg.errors import UsageError

EPILOG = """\b
Exit codes:
  0    done, or yes
  1    no: a failed gate or check, not found, refused
  2    usage
  3    a bug in gitreg
  128  not a registry, or not a Git repository
  130  interrupted

\b
REF is mnist (latest version), mnist@v1.2.0, mnist#production,
mnist@blake3:..., or the path of a pointer.

\b
Completion: eval "$(_GITREG_COMPLETE=bash_source gitreg)"
in ~/.bashrc; zsh_source and fish_source work the same way.
"""


class LazyGroup(VerbGroup):
    """A group that knows its verbs by a table and imports only the one that runs."""

    def __init__(self, table: Mapping[str, Entry]) -> None:
        help_text = "A model registry in Git: bytes in an object store, versions and promotions as signed tags."
        names = {"help_option_names": ["-h", "--help"]}
        super().__init__("gitreg", help=help_text, epilog=EPILOG, no_args_is_help=True, context_settings=names)
        self._table = table
        self.params += [*GLOBAL_OPTIONS, _version_option()]

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self._table:
            return None
        command = import_module(self._table[cmd_name].module).command
        if not isinstance(command, click.Command):
            raise TypeError(f"{self._table[cmd_name].module}.command is not a command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name in self._table or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        hint = did_you_mean(name, self._table) or "gitreg --help lists the commands"
        raise UsageError(f"no command '{escape(name)}'", hint=hint)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        width = max(map(len, self._table))
        for heading, entries in groupby(self._table.items(), key=lambda item: item[1].heading):
            with formatter.section(heading):
                formatter.write_dl([(verb.ljust(width), entry.help) for verb, entry in entries])


def _version_option() -> click.Option:
    return click.Option(
        ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_print_version,
        allow_from_autoenv=False, help="Print the version.",
    )  # fmt: skip


def _print_version(context: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        click.echo(f"gitreg {__version__}")
        context.exit()


cli = LazyGroup(VERBS)
