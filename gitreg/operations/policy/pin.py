"""Which policy root this clone believes in: the one that the user names, or the first one it meets."""

from __future__ import annotations

from gitreg.core.digest import Digest
from gitreg.core.policy import Policy
from gitreg.errors import FormatError, UsageError, VerificationError
from gitreg.operations.context import Context, Settings

PIN_VARIABLE = "GITREG_POLICY_ROOT"
_WHERE = "somebody you trust finds it with: gitreg doctor"


def pinned_root(settings: Settings) -> Digest | None:
    """The fingerprint that the user demands.  Raises UsageError if it is none."""
    text = settings.policy_root or settings.environ.get(PIN_VARIABLE)
    if not text:
        return None
    try:
        return Digest.parse(text)
    except FormatError as error:
        raise UsageError(f"--policy-root: {error.message}", hint=_WHERE) from None


def check_pin(settings: Settings, root: Digest) -> None:
    """Raise VerificationError if the user demands another root."""
    pin = pinned_root(settings)
    if pin is not None and pin != root:
        raise VerificationError(
            f"policy: the registry's policy root is {root}, not the {pin} that was asked for",
            hint="this is another registry, or one whose history was replaced",
        )


def note_first_use(context: Context, root: Digest, policy: Policy) -> None:
    """Tell whom this clone is about to believe, unless the user has named the root."""
    if pinned_root(context.settings) is not None:
        return
    people = sorted({who for role in policy.admins.from_roles for who in policy.roles.get(role, ())})
    admins = ", ".join(people) or "nobody"
    context.settings.note(f"first use here: trusting the policy root {root} (it may be changed by {admins})")
    context.settings.note("compare it with what gitreg doctor shows to somebody you trust, or pin it: --policy-root")
