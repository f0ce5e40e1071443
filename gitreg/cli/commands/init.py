"""`gitreg init`."""

from __future__ import annotations

from collections.abc import Iterable

from gitreg.cli.lines import Line, line, strong
from gitreg.cli.opening import here, settings_for
from gitreg.cli.output import Output
from gitreg.cli.params import STAGES, URL
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.core.names import StageName
from gitreg.core.remote_url import RemoteUrl
from gitreg.operations.init import DEFAULT_STAGES, InitRequest, InitResult, init


@verb("init")
@option("--remote", type=URL, metavar="URL", help="Where bytes are shared: s3://, gs://, az://, sftp:// or file://.")
@option("--stages", type=STAGES, default=",".join(DEFAULT_STAGES), show_default=True, metavar="A,B,...",
        help="The stages, in the order that versions go through them.")  # fmt: skip
@option("--new-key", is_flag=True, help="Make an SSH signing key if none is found.")
@option("--no-hooks", is_flag=True, help="Install no Git hooks.")
@pass_output
def command(
    output: Output, remote: RemoteUrl | None, stages: tuple[StageName, ...], new_key: bool, no_hooks: bool
) -> None:
    """Make a Git repository a registry.

    Commits .gitreg/ with an id, a policy with you as admin, and your SSH signing key as the one that may sign.
    Without --remote, bytes are shared through the Git remote itself, if that is a folder.
    """
    request = InitRequest(remote=remote, stages=stages, new_key=new_key, hooks=not no_hooks)
    result = init(here(), request, settings_for(output))
    output.done(result, lambda: _lines(result))
    output.advice("next: gitreg add PATH")


def _lines(result: InitResult) -> Iterable[Line]:
    yield line("Made ", strong(result.path), " a registry")
    yield line(f"  {result.admin} may sign with {result.key} (.gitreg/policy.toml, .gitreg/allowed_signers)")
    yield line(f"  policy root {result.policy_root}; others compare it when they first use a clone")
    if result.key_file is not None:
        yield line(
            "  the new signing key lies at ",
            strong(result.key_file),
            "; keep a copy, it is not protected by a passphrase",
        )
    if result.remote is not None:
        yield line(f"  bytes are shared at {result.remote}")
