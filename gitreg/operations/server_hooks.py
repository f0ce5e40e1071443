"""The hooks of a receiving repository, as git runs them: lines in, words for the pusher out, and an exit code."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

from gitreg.core.text import escape
from gitreg.errors import GitregError, RefusedError, UsageError
from gitreg.git.config import get_config, set_config
from gitreg.git.pushed import parse_pushed
from gitreg.git.repository import Repository
from gitreg.operations.branch import PINNED_BRANCH
from gitreg.operations.context import Settings
from gitreg.operations.policy_line import present_policy
from gitreg.operations.pre_receive import pre_receive
from gitreg.operations.receipts import RECEIPT_KEY, receive
from gitreg.operations.server_push import ServerPush, open_push

TIMEOUT: Final = "gitreg.hookTimeout"
_SECONDS: Final = 60

Say = Callable[[str], None]


def run_server_hook(hook: str, directory: Path, lines: Sequence[str], say: Say) -> int:
    """Run one of SERVER_HOOKS for the git that called this process.  0 means yes; whatever goes wrong is a no."""
    try:
        repo = Repository.for_hook(directory)
        settings = Settings(note=say)
        with _deadline(_timeout(repo)):
            run = _pre_receive if hook == "pre-receive" else _post_receive
            return run(repo, lines, settings)
    except GitregError as error:
        say(f"refused: {error.message}")
        if error.hint:
            say(f"hint: {error.hint}")
    except Exception as error:  # noqa: BLE001  (what nobody thought of must not let a push through)
        say(f"refused: gitreg failed on this server: {type(error).__name__}: {escape(str(error))}")
    return 1


def _pre_receive(repo: Repository, lines: Sequence[str], settings: Settings) -> int:
    refused = pre_receive(repo, lines, settings)
    for ref in refused:
        settings.note(f"refused: {ref}")
    for hint in dict.fromkeys(ref.hint for ref in refused if ref.hint):
        settings.note(f"hint: {hint}")
    if refused:
        settings.note("nothing of this push was accepted")
    return 1 if refused else 0


def _post_receive(repo: Repository, lines: Sequence[str], settings: Settings) -> int:
    """Everything is accepted already; what can't be done now is said, and done by the next one."""
    push = open_push(repo, parse_pushed(lines), Settings(environ=settings.environ))
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


def _timeout(repo: Repository) -> int:
    text = get_config(repo, TIMEOUT) or str(_SECONDS)
    if not text.isdecimal() or not 0 < int(text) <= 86_400:
        raise UsageError(f"{TIMEOUT} is not a number of seconds: {escape(text[:40])}", hint="git config tells where")
    return int(text)


@contextmanager
def _deadline(seconds: int) -> Iterator[None]:
    """Pushers and the server's connections must not wait for ever, and waiting is not consent."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise RefusedError(f"this took longer than {seconds} seconds", hint=f"git config {TIMEOUT} allows more")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
