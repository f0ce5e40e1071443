"""The one place where errors are shown: a user's mistake in one line with a hint, a bug of ours with its traceback."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass

import click

from gitreg.cli.lines import bad, dim, line
from gitreg.cli.output import Output
from gitreg.core.text import escape
from gitreg.errors import GitregError

BUG = 3
INTERRUPTED = 130
BROKEN_PIPE = 141  # what a shell reports for git or cat when the reader went away

_LONGEST = 300  # of a path in a message, so that the message itself stays in sight
_MORE_ROOM = "close other programs, or raise the limit on memory and processes (ulimit -a, or the container's)"
_SYSTEM = {
    errno.ENOSPC: "free some space and run the command again; nothing unfinished was kept",
    errno.EDQUOT: "free some of your quota and run the command again; nothing unfinished was kept",
    errno.EROFS: "the file system is mounted read-only",
    errno.EACCES: "check the permissions, or who you are logged in as",
    errno.EPERM: "check the permissions, or who you are logged in as",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EMFILE: "raise the limit of open files: ulimit -n 4096",
    errno.ENOMEM: _MORE_ROOM,
    errno.EAGAIN: _MORE_ROOM,
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is shown, as text and as JSON."""

    kind: str
    message: str
    hint: str | None
    exit_code: int


def show(error: BaseException, output: Output) -> int:
    """Show an error and return the exit code that goes with it."""
    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case click.exceptions.NoArgsIsHelpError():
            click.echo(error.format_message(), err=True)
            return error.exit_code
        case BrokenPipeError():
            return BROKEN_PIPE
        case _:
            return _complain(_complaint(error), output)


def _complaint(error: BaseException) -> Complaint:
    match error:
        case KeyboardInterrupt() | click.Abort() | EOFError():
            return Complaint("interrupted", "interrupted", None, INTERRUPTED)
        case GitregError():
            return Complaint(error.kind, error.message, error.hint, error.exit_code)
        case click.ClickException():
            return _usage(error)
        case _:
            of_the_system = _as_os_error(error)
            return _bug(error) if of_the_system is None else _system(of_the_system)


def _as_os_error(error: BaseException) -> OSError | None:
    """What the system would not give us, however Python puts that; None if it is something else."""
    match error:
        case OSError() if error.errno in _SYSTEM:
            return error
        case MemoryError():
            return OSError(errno.ENOMEM, "")
        case RuntimeError() if str(error) == "can't start new thread":
            return OSError(errno.EAGAIN, "")
        case _:
            return None


def _usage(error: click.ClickException) -> Complaint:
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f"see {context.command_path} --help" if context else None
    message = error.format_message().rstrip(".")
    return Complaint("usage", message[:1].lower() + message[1:], hint, 2)


def _system(error: OSError) -> Complaint:
    reason = os.strerror(error.errno).lower() if error.errno else str(error)
    place = f": {os.fsdecode(error.filename)[:_LONGEST]}" if isinstance(error.filename, str | bytes) else ""
    return Complaint("system", reason + place, _SYSTEM[error.errno or 0], 1)


def _bug(error: BaseException) -> Complaint:
    # imported here because a command that has no bug need not wait for it
    import traceback  # noqa: PLC0415

    for each in "".join(traceback.format_exception(error)).splitlines():
        click.echo(escape(each), err=True)
    message = f"gitreg has a bug: {type(error).__name__}: {error}"
    return Complaint("bug", message, "please report it with the lines above and what `gitreg doctor` prints", BUG)


def _complain(complaint: Complaint, output: Output) -> int:
    output.aside(line(bad("error"), ": ", complaint.message))
    if complaint.hint:
        output.aside(line(dim("hint"), ": ", complaint.hint))
    if output.json:
        error = {"kind": complaint.kind, "message": complaint.message, "hint": complaint.hint}
        output.data({"error": error}, tuple)
    return complaint.exit_code
