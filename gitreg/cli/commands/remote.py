"""`gitreg remote`."""

from __future__ import annotations

import click

from gitreg.cli.bulk import mirror, reencrypt
from gitreg.cli.lines import Line, dim, line, strong, warn
from gitreg.cli.opening import open_here
from gitreg.cli.output import Output
from gitreg.cli.params import URL
from gitreg.cli.remote_check import check
from gitreg.cli.sealing import encrypt, recipients
from gitreg.cli.table import columns
from gitreg.cli.verb import VerbGroup, option, pass_output
from gitreg.core.remote_url import RemoteUrl
from gitreg.operations.remotes import Remote, TrustedRemote, add_remote, list_remotes, trust


@click.group("remote", cls=VerbGroup)
def command() -> None:
    """Manage where the bytes are shared."""


@command.command("list")
@pass_output
def list_(output: Output) -> None:
    """List the remotes, or the one that is embedded in the Git remote."""
    remotes = list_remotes(open_here(output))
    output.data(remotes, lambda: columns([_row(remote) for remote in remotes]))
    if not remotes:
        output.advice("no remote yet: gitreg remote add NAME URL, or git remote add origin FOLDER")


@command.command("add")
@click.argument("name")
@click.argument("url", type=URL)
@option("--default", is_flag=True, help="Use this remote unless another one is named.")
@pass_output
def add(output: Output, name: str, url: RemoteUrl, default: bool) -> None:
    """Add a remote: s3://, gs://, az://, sftp:// or file://."""
    remote = add_remote(open_here(output), name, url, default=default)
    output.done(remote, lambda: [line("Added the remote ", strong(remote.name), f" at {remote.url}")])
    output.advice(".gitreg/config.toml is staged; next: git commit")


@command.command("trust")
@click.argument("name")
@pass_output
def trust_(output: Output, name: str) -> None:
    """Accept a URL or keys of a remote that changed since this clone last used it.

    If both have changed, accept the URL first, and run it again.
    """
    trusted = trust(open_here(output), name)
    output.done(trusted, lambda: [_trusted(trusted)])


command.add_command(check)
command.add_command(encrypt)
command.add_command(mirror)
command.add_command(recipients)
command.add_command(reencrypt)


def _row(remote: Remote) -> Line:
    about = (("default", remote.default), ("embedded", remote.embedded), ("encrypted", remote.encrypted))
    return line(strong(remote.name), remote.url, dim(", ".join(word for word, is_so in about if is_so)))


def _trusted(remote: TrustedRemote) -> Line:
    sealed = f", encrypted with the root key {remote.root}" if remote.encrypted else ""
    plain = warn(", no longer encrypted") if remote.decrypted else ""
    return line("Trusting ", strong(remote.name), f" at {remote.url}", sealed, plain)
