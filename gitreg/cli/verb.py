"""What every command shares: variables for its options, and the global options, which may also stand after the verb."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import click

from gitreg.cli.output import Output
from gitreg.errors import NotARegistryError

option = partial(click.option, show_envvar=True)
pass_output = click.make_pass_decorator(Output, ensure=True)


class Verb(click.Command):
    """A command.  Its function returns the exit code, or None for 0."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return [*super().get_params(ctx), *_AFTER_THE_VERB]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        root = ctx.find_root()
        if root is not ctx:
            records = [each.get_help_record(root) for each in GLOBAL_OPTIONS]
            with formatter.section("Global options"):
                formatter.write_dl([record for record in records if record])


class VerbGroup(click.Group):
    """A verb with verbs of its own, such as `remote`."""

    command_class = Verb


def command(name: str) -> Callable[[Callable[..., int | None]], Verb]:
    """Make a function a verb."""
    return click.command(name, cls=Verb)


class _Global(NamedTuple):
    """A global option; one without a metavar is a flag."""

    name: str
    flags: tuple[str, ...]
    help: str
    callback: Callable[..., None]
    metavar: str | None = None

    def option(self, *, hidden: bool) -> click.Option:
        """The option itself, or its hidden copy after the verb.  The copy reads no variable: the first one has."""
        return click.Option(
            [self.name, *self.flags],
            help=self.help,
            callback=self.callback,
            metavar=self.metavar,
            is_flag=self.metavar is None,
            envvar=None if hidden else f"GITREG_{self.name.upper()}",
            show_envvar=True,
            allow_from_autoenv=False,
            expose_value=False,
            is_eager=True,
            hidden=hidden,
        )


def _change_directory(context: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is None or context.resilient_parsing:
        return
    try:
        os.chdir(value)
    except OSError as error:
        raise NotARegistryError(f"cannot change to '{value}': {error.strerror}", hint="-C takes a directory") from None


def _set_json(context: click.Context, _param: click.Parameter, value: bool) -> None:
    context.ensure_object(Output).json |= bool(value)


def _set_quiet(context: click.Context, _param: click.Parameter, value: bool) -> None:
    context.ensure_object(Output).quiet |= bool(value)


def _set_no_color(context: click.Context, _param: click.Parameter, value: bool) -> None:
    context.ensure_object(Output).colour &= not value


def _set_key(context: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.ensure_object(Output).key = value


def _set_policy_root(context: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.ensure_object(Output).policy_root = value


_GLOBALS = (
    _Global("dir", ("-C",), "Run as if started in DIR.", _change_directory, "DIR"),
    _Global("json", ("--json",), "Print data, and errors, as JSON on stdout.", _set_json),
    _Global("quiet", ("-q", "--quiet"), "Print only what was asked for, and errors.", _set_quiet),
    _Global("no_color", ("--no-color",), "Use no colours; NO_COLOR does the same.", _set_no_color),
    _Global("key", ("--key",), "Sign with this SSH key instead of Git's user.signingKey.", _set_key, "FILE"),
    _Global("policy_root", ("--policy-root",), "Refuse a registry whose policy began otherwise.", _set_policy_root,
            "FINGERPRINT"),
)  # fmt: skip
GLOBAL_OPTIONS: tuple[click.Option, ...] = tuple(each.option(hidden=False) for each in _GLOBALS)
_AFTER_THE_VERB: tuple[click.Option, ...] = tuple(each.option(hidden=True) for each in _GLOBALS)
