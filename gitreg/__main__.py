"""The program.  Answers `--version` by itself, because importing click takes five times as long as the answer."""

from __future__ import annotations

import gc
import os
import sys

from gitreg import __version__

INTERRUPTED = 130


def main() -> None:
    """Run the command line and leave with its exit code."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"gitreg {__version__}\n")
        return
    # Imports make many objects and no garbage: collecting at the default pace costs a tenth of a short command.
    gc.set_threshold(100_000, 20, 20)
    try:
        from gitreg.cli.main import run  # noqa: PLC0415  (after --version: see above)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    code = run(sys.argv[1:])
    if code == INTERRUPTED:
        # Not by way of the interpreter's end, which waits for every thread, some of them for a service that hangs.
        os._exit(code)
    # As it ends, the interpreter searches for garbage in all that was imported: most of what ending costs, for nothing.
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    main()
