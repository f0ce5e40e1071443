"""What the hooks of a receiving repository share: a deadline, and that whatever goes wrong is a no."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final, NamedTuple

from gitreg.core.text import escape
from gitreg.errors import GitregError, RefusedError, UsageError
from gitreg.git.config import get_config_section
from gitreg.git.repository import Repository
from gitreg.operations.context import Settings

_TIMEOUT: Final = "gitreg.hookTimeout"
_SECONDS: Final = "60"


class HookCall(NamedTuple):
    """What git called a hook for: which repository, its own settings below `gitreg.`, and the refs, a line each."""

    repo: Repository
    own: Mapping[str, str]
    lines: Sequence[str]
    settings: Settings


Work = Callable[[HookCall], int]


def run_server_hook(work: Work, directory: Path, lines: Sequence[str], say: Callable[[str], None]) -> int:
    """Do a hook's work for the git that called this process.  0 means yes."""
    try:
        repo = Repository.for_hook(directory)
        own = get_config_section(repo, "gitreg.")
        with _deadline(_timeout(own)):
            return work(HookCall(repo, own, lines, Settings(note=say)))
    except GitregError as error:
        say(f"refused: {error.message}")
        if error.hint:
            say(f"hint: {error.hint}")
    except Exception as error:  # noqa: BLE001  (what nobody thought of must not let a push through)
        say(f"refused: gitreg failed on this server: {type(error).__name__}: {escape(str(error))}")
    return 1


def _timeout(own: Mapping[str, str]) -> int:
    text = own.get("hooktimeout", _SECONDS)  # git folds the case of names
    if not text.isdecimal() or not 0 < int(text) <= 86_400:
        raise UsageError(f"{_TIMEOUT} is not a number of seconds: {escape(text[:40])}", hint="git config tells where")
    return int(text)


@contextmanager
def _deadline(seconds: int) -> Iterator[None]:
    """Pushers and the server's connections must not wait for ever, and waiting is not consent."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise RefusedError(f"this took longer than {seconds} seconds", hint=f"git config {_TIMEOUT} allows more")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
