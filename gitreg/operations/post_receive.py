"""After a push: the server remembers what it accepted, and confirms it if it has a key for receipts."""

from __future__ import annotations

from collections.abc import Sequence

from gitreg.errors import GitregError
from gitreg.git.config import get_config, set_config
from gitreg.git.pushed import parse_pushed
from gitreg.git.repository import Repository
from gitreg.operations.branch import PINNED_BRANCH
from gitreg.operations.context import Settings
from gitreg.operations.hooks import RECEIPT_KEY
from gitreg.operations.policy_line import present_policy
from gitreg.operations.receipts import receive
from gitreg.operations.server_push import ServerPush, open_push


def post_receive_hook(repo: Repository, lines: Sequence[str], settings: Settings) -> int:
    """Everything is accepted already: what can't be done now is said, and the next one does it."""
    push = open_push(repo, parse_pushed(lines), settings)
    if push is None:
        return 0
    if get_config(repo, PINNED_BRANCH) is None:
        set_config(repo, PINNED_BRANCH, push.branch)
    present_policy(push.context)
    if get_config(repo, RECEIPT_KEY) is not None:
        _write_receipts(push, settings)
    return 0


def _write_receipts(push: ServerPush, settings: Settings) -> None:
    try:
        found = receive(push.context, push.new_tags)
    except GitregError as error:
        settings.note(f"no receipt was written: {error.message}; gitreg receipts add does it later")
        return
    for failure in found.refused:
        settings.note(f"no receipt for {failure.ref}: {failure.check}: {failure.reason}")
