"""The program.  Answers `--version` by itself, because importing click takes five times as long as the answer."""

from __future__ import annotations

import sys

from gitreg import __version__

INTERRUPTED = 130


def main() -> None:
    """Run the command line and leave with its exit code."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"gitreg {__version__}\n")
        return
    try:
        from gitreg.cli.main import run  # noqa: PLC0415  (after --version: see above)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
