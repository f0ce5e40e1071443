"""`gitreg keys`."""

from __future__ import annotations

from pathlib import Path

import click

from gitreg.cli.lines import Line, bad, dim, good, line, strong
from gitreg.cli.opening import open_here
from gitreg.cli.output import Output
from gitreg.cli.params import PRINCIPAL
from gitreg.cli.policy_change import tell_signed
from gitreg.cli.table import table
from gitreg.cli.verb import VerbGroup, option, pass_output
from gitreg.core.names import Principal
from gitreg.errors import UsageError
from gitreg.operations.policy.keys import KeyEntry, add_key, list_keys, new_key, read_key, revoke_keys


@click.group("keys", cls=VerbGroup)
def command() -> None:
    """List, add and end the keys that may sign."""


@command.command("list")
@pass_output
def list_(output: Output) -> None:
    """List the keys of the policy in force, and whether they count."""
    keys = list_keys(open_here(output))
    output.data(keys, lambda: table(("WHO", "TYPE", "KEY", "STATE"), [_row(key) for key in keys]))


@command.command("add")
@click.argument("principal", type=PRINCIPAL)
@click.argument("public_key", type=click.Path(path_type=Path), required=False)
@option(
    "--new-key", "new", envvar="GITREG_KEYS_ADD_NEW_KEY", type=click.Path(path_type=Path), metavar="FILE",
    help="Make a key there, and add it.",
)  # fmt: skip
@pass_output
def add(output: Output, principal: Principal, public_key: Path | None, new: Path | None) -> None:
    """Let PRINCIPAL (an e-mail address) sign with the key in PUBLIC_KEY, a .pub file.

    What they may sign is for the policy to say: give them a role in .gitreg/policy.toml.
    """
    if (public_key is None) == (new is None):
        raise UsageError("name one key", hint="a .pub file, or --new-key FILE to make one")
    context = open_here(output)
    if new is not None:
        key = new_key(new.expanduser(), principal)
    else:
        key = read_key(public_key.expanduser() if public_key else Path())
    change = add_key(context, principal, key)
    output.done(change, lambda: [line(strong(principal), " may sign with ", strong(change.keys[0].fingerprint))])
    tell_signed(output, change.policy)


@command.command("revoke")
@click.argument("whose", metavar="KEY|PRINCIPAL")
@pass_output
def revoke(output: Output, whose: str) -> None:
    """End a key, named by its fingerprint or .pub file, or all keys of a person.

    Tags that it signed count no more, except those that have a receipt from before, or that the policy lists as
    `accepted`.
    """
    change = revoke_keys(open_here(output), whose)
    output.done(change, lambda: [line(strong(each.fingerprint), " is revoked") for each in change.keys])
    tell_signed(output, change.policy)


def _row(key: KeyEntry) -> Line:
    state = bad("revoked") if key.revoked else good("counts")
    who = ", ".join(key.principals)
    return line(strong(f"authority for {who}" if key.authority else who), key.type, dim(key.fingerprint), state)
