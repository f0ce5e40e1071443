"""`python -m gitreg.hooks.pre_receive`: may this push come in?"""

from __future__ import annotations

import sys

from gitreg.hooks.process import run_as_hook
from gitreg.operations.server.pre_receive import pre_receive_hook

if __name__ == "__main__":
    sys.exit(run_as_hook(pre_receive_hook))
