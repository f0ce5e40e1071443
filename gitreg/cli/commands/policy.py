"""`gitreg policy`."""

from __future__ import annotations

from pathlib import Path

import click

from gitreg.cli.lines import line, strong
from gitreg.cli.opening import open_here
from gitreg.cli.output import Output
from gitreg.cli.params import FILE, REF, STAGE
from gitreg.cli.policy_change import signed_lines, tell_signed
from gitreg.cli.policy_view import check_lines, needs_lines
from gitreg.cli.verb import VerbGroup, option, pass_output
from gitreg.core.names import StageName
from gitreg.core.policy import POLICY_PATH
from gitreg.core.policy_templates import Template
from gitreg.core.reference import Reference
from gitreg.errors import UsageError
from gitreg.operations.policy.check import check_policy
from gitreg.operations.policy.init import init_policy
from gitreg.operations.policy.needs import promotion_needs
from gitreg.operations.policy.show import show_policy
from gitreg.operations.policy.sign import sign_policy


@click.group("policy", cls=VerbGroup)
def command() -> None:
    """Say who may do what, and explain it."""


@command.command("init")
@option(
    "--template", envvar="GITREG_POLICY_INIT_TEMPLATE", type=click.Choice([each.value for each in Template]),
    default=Template.ONE_PERSON.value, show_default=True, help="Whom the registry belongs to.",
)  # fmt: skip
@option("--force", envvar="GITREG_POLICY_INIT_FORCE", is_flag=True, help="Replace the policy in the working tree.")
@pass_output
def init(output: Output, template: str, force: bool) -> None:
    """Write a policy to start from: you, and invented people to replace."""
    result = init_policy(open_here(output), Template(template), force=force)
    output.done(result, lambda: [line("Wrote ", strong(result.path), f" (epoch {result.epoch})")])
    output.advice(
        "replace the people of example.com, then: gitreg policy check; it counts once it is signed and shared"
    )


@command.command("check")
@click.argument("file", type=FILE, required=False)
@option(
    "--for", "promotion", envvar="GITREG_POLICY_CHECK_FOR", type=(REF, STAGE), metavar="REF STAGE",
    help="Say what this promotion still needs, by the policy in force.",
)  # fmt: skip
@pass_output
def check(output: Output, file: Path | None, promotion: tuple[Reference, StageName] | None) -> int:
    """Check a policy file and explain, in sentences, what each person may do.

    FILE is the working tree's .gitreg/policy.toml unless another one is named, which needs no registry.  Keys are
    looked up in the allowed_signers beside it.  Exit 1 if it is not valid; warnings do not change that.  With --for,
    exit 1 if the promotion would be refused now.
    """
    if promotion is None:
        result = check_policy(file or open_here(output).repo.work_tree / POLICY_PATH)
        output.data(result, lambda: check_lines(result))
        return 0
    if file is not None:
        raise UsageError("a promotion is decided by the policy in force, not by a file", hint="leave FILE out")
    needs = promotion_needs(open_here(output), *promotion)
    output.data(needs, lambda: needs_lines(needs))
    return 1 if needs.missing else 0


@command.command("sign")
@pass_output
def sign(output: Output) -> None:
    """Sign the change of policy and keys in the working tree, and stage it.

    Its epoch is raised if it was not.  It counts once enough admins of the policy in force have signed the same
    content, each in turn, and it is committed to the protected branch.
    """
    result = sign_policy(open_here(output))
    output.done(result, lambda: signed_lines(result))
    tell_signed(output, result)


@command.command("show")
@pass_output
def show(output: Output) -> None:
    """Print the policy in force: the protected branch's, not the working tree's."""
    result = show_policy(open_here(output))
    output.data(result, lambda: [line(each) for each in result.text.splitlines()])
    if not result.is_at_tip:
        output.note(f"a change at the tip of {result.branch} does not count: gitreg doctor tells why")
