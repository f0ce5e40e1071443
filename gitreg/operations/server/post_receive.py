"""After a push: the server remembers what it accepted, and confirms it if it has a key for receipts."""

from __future__ import annotations

from gitreg.errors import GitregError
from gitreg.git.pushed import parse_pushed
from gitreg.operations.context import Settings
from gitreg.operations.hooks import RECEIPT_KEY
from gitreg.operations.policy.line import present_policy
from gitreg.operations.receipts.receipts import receive
from gitreg.operations.server.hooks import HookCall
from gitreg.operations.server.push import ServerPush, open_push


def post_receive_hook(call: HookCall) -> int:
    """Everything is accepted already: what can't be done now is said, and the next one does it."""
    push = open_push(call.repo, parse_pushed(call.lines), call.settings, call.own.get("branch"))
    if push is None:
        return 0
    present_policy(push.context)
    if RECEIPT_KEY.removeprefix("gitreg.").lower() in call.own:
        _write_receipts(push, call.settings)
    return 0


def _write_receipts(push: ServerPush, settings: Settings) -> None:
    try:
        found = receive(push.context, push.new_tags)
    except GitregError as error:
        settings.note(f"no receipt was written: {error.message}; gitreg receipts add does it later")
        return
    for failure in found.refused:
        settings.note(f"no receipt for {failure.ref}: {failure.check}: {failure.reason}")
