"""Native Git hooks: shims of a few lines that call gitreg, and keep whatever hook stood there before."""

from __future__ import annotations

import sys
from pathlib import Path

from gitreg.core.text import escape
from gitreg.errors import RefusedError, StorageError
from gitreg.git.config import get_config
from gitreg.git.repository import Repository

HOOKS = ("pre-push",)
SERVER_HOOKS = ("pre-receive", "post-receive")
RECEIPT_KEY = "gitreg.receiptKey"
_MARK = "# installed by gitreg"
_CHAINED = ".before-gitreg"
# Read where the hook runs: the interpreter that has gitreg, or whatever `gitreg` is on the PATH by then.  -P, for git
# runs hooks inside the repository, and a folder there that is called gitreg is no part of the program.
_SHIM = """\
#!/bin/sh
{mark}; `gitreg hooks uninstall` removes it
refs=$(cat)
say() {{ [ -z "$refs" ] || printf '%s\\n' "$refs"; }}
before="$(dirname "$0")/{name}{chained}"
if [ -x "$before" ]; then
    say | "$before" "$@" || exit $?
fi
if [ -x '{python}' ]; then
    say | '{python}' -P -m {module} "$@"
else
    say | gitreg hooks run {name} "$@"
fi
"""


def server_hooks(repo: Repository) -> tuple[str, ...]:
    """Those that a repository needs which others push to: without a key for receipts nothing is done after a push."""
    return SERVER_HOOKS if get_config(repo, RECEIPT_KEY) is not None else SERVER_HOOKS[:1]


def install_hooks(repo: Repository, names: tuple[str, ...] = HOOKS) -> list[str]:
    """Install the shims; a hook that is there already is moved aside and called first.

    Raises StorageError, and RefusedError where two foreign hooks would be in the way.
    """
    folder = _folder(repo)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [name for name in names if _install(folder, name)]
    except OSError as error:
        raise StorageError(f"cannot install hooks in {escape(str(folder))}: {error.strerror}") from None


def uninstall_hooks(repo: Repository, names: tuple[str, ...] = HOOKS) -> list[str]:
    """Remove our shims and put back what stood there."""
    folder = _folder(repo)
    try:
        return [name for name in names if _uninstall(folder, name)]
    except OSError as error:
        raise StorageError(f"cannot remove hooks from {escape(str(folder))}: {error.strerror}") from None


def installed_hooks(repo: Repository) -> list[str]:
    folder = _folder(repo)
    return [name for name in HOOKS if _is_ours(folder / name) or _is_ours(folder / f"{name}.legacy")]


def _folder(repo: Repository) -> Path:
    return Path(repo.git.text("rev-parse", "--path-format=absolute", "--git-path", "hooks"))


def _install(folder: Path, name: str) -> bool:
    hook, chained = folder / name, folder / f"{name}{_CHAINED}"
    if _is_ours(folder / f"{name}.legacy"):
        return False  # pre-commit has moved ours there and calls it; a second one would call pre-commit for ever
    if hook.exists() and not _is_ours(hook):
        if chained.exists():
            raise RefusedError(
                f"two hooks are in the way: {escape(str(hook))}, and {chained.name} from an earlier installation",
                hint=f"merge them into {name}, remove {chained.name}, and try again",
            )
        hook.replace(chained)
    python = sys.executable.replace("'", "'\\''")
    # a pusher waits for a server's hook, so it goes past the command line
    module = f"gitreg.hooks.{name.replace('-', '_')}" if name in SERVER_HOOKS else f"gitreg hooks run {name}"
    shim = _SHIM.format(mark=_MARK, name=name, chained=_CHAINED, python=python, module=module)
    hook.write_text(shim, encoding="utf-8")
    hook.chmod(0o755)
    return True


def _uninstall(folder: Path, name: str) -> bool:
    hook, chained = folder / name, folder / f"{name}{_CHAINED}"
    if not _is_ours(hook):
        return False
    hook.unlink()
    if chained.exists():
        chained.replace(hook)
    return True


def _is_ours(hook: Path) -> bool:
    try:
        return _MARK in hook.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
