"""`python -m gitreg.hooks.post_receive`: a push came in; remember it, and confirm it if there is a key for that."""

from __future__ import annotations

import sys

from gitreg.hooks.process import run_as_hook
from gitreg.operations.server.post_receive import post_receive_hook

if __name__ == "__main__":
    sys.exit(run_as_hook(post_receive_hook))
