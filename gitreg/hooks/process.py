"""A hook as a process: refs from stdin, words for the pusher on stderr, and an exit code."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from gitreg.core.text import escape
from gitreg.operations.server.hooks import Work, run_server_hook


def run_as_hook(work: Work) -> int:
    """Run it for the git that started this process."""
    lines = os.fsdecode(sys.stdin.buffer.read()).split("\n")
    return run_server_hook(work, Path.cwd(), [line for line in lines if line], _say)


def _say(line: str) -> None:
    sys.stderr.write(f"gitreg: {escape(line)}\n")
