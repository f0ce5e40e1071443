"""Killing a program at its n-th file system operation: the same moments on a fast and on a busy machine."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

# The hook sees an operation just before it happens; SIGKILL leaves the program no chance to tidy up.
_PRELUDE = """
import itertools, os, signal, sys
_count = itertools.count(1)
_moment = int(sys.argv.pop(1))
_changes = {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.chmod", "os.truncate", "os.utime"}
def _hook(event, args):
    made = event == "open" and not isinstance(args[0], int) and args[2] & os.O_CREAT
    if (made or event in _changes) and next(_count) == _moment:
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(_hook)
"""


def killed_at(moment: int, script: str, *args: object, cwd: Path | None = None) -> bool:
    """Run a Python script and kill it at its n-th change on disk; False if it was done before."""
    command = [sys.executable, "-B", "-c", _PRELUDE + script, str(moment), *map(str, args)]
    done = subprocess.run(command, capture_output=True, cwd=cwd, check=False)
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr.decode()
    return done.returncode != 0
