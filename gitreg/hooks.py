"""`python -m gitreg.hooks HOOK`: what the server's hooks run.  As `gitreg hooks run HOOK`, without the time that a
command line takes to load: each push waits for it."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

from gitreg.core.text import escape
from gitreg.operations.hooks import SERVER_HOOKS
from gitreg.operations.server_hooks import run_server_hook


def main() -> int:
    """Read the refs from stdin, tell the pusher on stderr, return the exit code."""
    gc.set_threshold(100_000, 20, 20)
    if sys.argv[1:] not in [[hook] for hook in SERVER_HOOKS]:
        sys.stderr.write(f"usage: python -m gitreg.hooks {'|'.join(SERVER_HOOKS)}\n")
        return 2
    lines = os.fsdecode(sys.stdin.buffer.read()).split("\n")
    return run_server_hook(sys.argv[1], Path.cwd(), [line for line in lines if line], _say)


def _say(line: str) -> None:
    sys.stderr.write(f"gitreg: {escape(line)}\n")


if __name__ == "__main__":
    sys.exit(main())
