"""`gitreg remote encrypt` and `gitreg remote recipients`."""

from __future__ import annotations

import click

from gitreg.cli.figures import counted
from gitreg.cli.lines import Line, dim, line, strong
from gitreg.cli.opening import open_here
from gitreg.cli.output import Output
from gitreg.cli.params import Parsed
from gitreg.cli.table import columns
from gitreg.cli.verb import Verb, option, pass_output
from gitreg.operations.recipients import (
    RecipientsChange,
    RecipientsResult,
    change_recipients,
    encrypt_remote,
    list_recipients,
)
from gitreg.storage.remote.sealing.identity import Recipient

_RECIPIENT = Parsed[Recipient]("recipient", Recipient.parse)


@click.command("encrypt", cls=Verb)
@click.argument("name")
@option("--recipient", type=_RECIPIENT, multiple=True, metavar="RECIPIENT",
        help="Who can open it besides you, as their `gitreg identity` prints it.")  # fmt: skip
@pass_output
def encrypt(output: Output, name: str, recipient: tuple[Recipient, ...]) -> None:
    """Encrypt an empty remote: its owner will see neither bytes nor names.

    You must be an admin of the policy, and have an identity.
    """
    result = encrypt_remote(open_here(output), name, recipient)
    whom = counted(len(result.recipients), "recipient")
    output.done(result, lambda: [line("Encrypted the remote ", strong(name), f" for {whom}"), *_rows(result)])
    output.advice(".gitreg/config.toml is staged; next: git commit")


@click.command("recipients", cls=Verb)
@click.argument("name")
@option("--add", type=_RECIPIENT, multiple=True, metavar="RECIPIENT", help="Let somebody open it.")
@option("--remove", multiple=True, metavar="RECIPIENT|NAME",
        help="Encrypt for somebody no more; new objects get a new key.")  # fmt: skip
@option("--rotate", is_flag=True, help="Encrypt new objects with a new key.")
@pass_output
def recipients(output: Output, name: str, add: tuple[Recipient, ...], remove: tuple[str, ...], rotate: bool) -> None:
    """List who can open an encrypted remote, or change it, as an admin of the policy.

    Nothing is uploaded again. Who is removed can still open what was there before, if they can get at it.
    """
    context = open_here(output)
    if not (add or remove or rotate):
        listed = list_recipients(context, name)
        output.data(listed, lambda: _rows(listed))
        return
    result = change_recipients(context, name, RecipientsChange(add, remove, rotate))
    output.done(result, lambda: _rows(result))


def _rows(result: RecipientsResult) -> list[Line]:
    return columns(
        [line(strong(each.name), each.recipient, dim("you" if each.you else "")) for each in result.recipients]
    )
